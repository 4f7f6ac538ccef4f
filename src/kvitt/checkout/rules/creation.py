"""A session comes to be, or every fault that it has is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from kvitt.checkout.model.profile import Profile
from kvitt.checkout.model.session import SESSIONS, Configuration, Session, SessionEvent, SessionOptions, SessionRecord
from kvitt.checkout.rules.configuration import inherit
from kvitt.checkout.rules.moment import Moment, news
from kvitt.checkout.rules.refusals import InvalidSession
from kvitt.checkout.rules.sessions import expiry_of
from kvitt.checkout.rules.urls import callback_url_fault, link_fault, return_url_fault
from kvitt.core.change import Change
from kvitt.core.errors import Problem, problem
from kvitt.core.money import is_currency

LIFETIME = timedelta(hours=24)
"""How long a session lives when the shop names no `expires_at`."""

STRICT_AMOUNTS = "strict-session-amounts"


def create(
    account_id: str,
    session_id: str,
    options: SessionOptions,
    profile: Profile | None,
    toggles: frozenset[str],
    moment: Moment,
) -> tuple[Change, Session]:
    """A new session, or InvalidSession with every fault. `profile`: what it inherits from, if it names one."""
    faults = list(_faults(account_id, options, profile, toggles, moment.now))
    if faults:
        raise InvalidSession("The session cannot be created", *faults)
    metadata = dict(options.metadata or {})
    configuration = options.configuration
    if profile is not None:
        metadata["session:profile_id"] = profile.id
        configuration = inherit(profile.configuration, configuration)
    session = Session(
        id=session_id,
        created_at=moment.now,
        updated_at=moment.now,
        expires_at=_utc(options.expires_at) if options.expires_at else moment.now + LIFETIME,
        url=options.url,
        order=options.order,
        customer=options.customer,
        express=options.express,
        configuration=configuration,
        checkboxes=options.checkboxes,
        merchant=options.merchant or (profile.merchant if profile else None),
        metadata=metadata or None,
        initiating_system_request_headers=moment.headers,
        events=(SessionEvent("1", "INITIATED", moment.now, moment.request_id, moment.headers),),
    )
    record = SessionRecord(session)
    change = Change(
        puts=(SESSIONS.put(account_id, session_id, record),),
        events=(news(account_id, moment.ids[0], "session.created", session_id, 1, moment.now, session),),
        tasks=(expiry_of(account_id, session),),
    )
    return change, session


def _faults(
    account_id: str, options: SessionOptions, profile: Profile | None, toggles: frozenset[str], now: datetime
) -> Iterator[Problem]:
    order = options.order
    if options.profile_id is not None and profile is None:
        yield problem("There is no such payment profile", "profile_id")
    yield from _url_faults(account_id, options, profile.configuration if profile else None)
    if not is_currency(order.currency):
        yield problem("This is not a currency of ISO 4217", "order.currency")
    yield from _line_faults(options)
    if STRICT_AMOUNTS in toggles:
        listed = sum(item.amount for item in order.items or ())
        listed += order.shipping_option.amount if order.shipping_option else 0
        if listed != order.amount:
            yield problem(
                f"The lines and the shipping add up to {listed}, the order's amount is {order.amount}",
                "order.amount", amount=order.amount, listed=listed,
            )  # fmt: skip
    if options.expires_at is not None and (fault := _expiry_fault(options.expires_at, now)) is not None:
        yield problem(fault, "expires_at")


def _url_faults(account_id: str, options: SessionOptions, inherited: Configuration | None) -> Iterator[Problem]:
    url, own = options.url, options.configuration
    channel = (own.channel if own else None) or (inherited.channel if inherited else None)
    checked = [("url.return_url", return_url_fault(url.return_url, channel))]
    if url.callback_url:
        checked.append(("url.callback_url", callback_url_fault(account_id, url.callback_url)))
    if url.merchant_terms_url:
        checked.append(("url.merchant_terms_url", link_fault(url.merchant_terms_url)))
    express = options.express
    if express and express.shipping_address_callback_url:
        fault = callback_url_fault(account_id, express.shipping_address_callback_url)
        checked.append(("express.shipping_address_callback_url", fault))
    if express and express.discount_codes and express.discount_codes.callback_url:
        fault = callback_url_fault(account_id, express.discount_codes.callback_url)
        checked.append(("express.discount_codes.callback_url", fault))
    for place, checkbox in enumerate(options.checkboxes or ()):
        if checkbox.link and checkbox.link.url:
            checked.append((f"checkboxes.{place}.link.url", link_fault(checkbox.link.url)))
    return (problem(fault, path) for path, fault in checked if fault is not None)


def _line_faults(options: SessionOptions) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, item in enumerate(options.order.items or ()):
        if item.line_id is None:
            continue
        if str(item.line_id) in seen:
            yield problem(f"Another line has the line_id {item.line_id} too", f"order.items.{place}.line_id")
        seen.add(str(item.line_id))
    shipping = options.order.shipping_option
    if shipping is not None and str(shipping.line_id) in seen:
        yield problem(f"An item has the line_id {shipping.line_id} too", "order.shipping_option.line_id")


def _expiry_fault(at: datetime, now: datetime) -> str | None:
    try:
        return "The session would have expired already" if _utc(at) <= now else None
    except OverflowError:
        return "In UTC the time lies before the year 1 or after the year 9999"


def _utc(at: datetime) -> datetime:
    """A time without a zone is UTC."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
