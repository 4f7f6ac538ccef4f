"""A session comes to be, or every fault that it has is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from kvitt.checkout.model.profile import Profile
from kvitt.checkout.model.session import (
    SESSIONS,
    Configuration,
    Session,
    SessionEvent,
    SessionOptions,
    SessionRecord,
    Url,
)
from kvitt.checkout.rules.configuration import inherit
from kvitt.checkout.rules.conflicts import conflicts
from kvitt.checkout.rules.lines import line_faults, sum_fault
from kvitt.checkout.rules.merchant_initiated import TOKEN_OF
from kvitt.checkout.rules.moment import Moment, news
from kvitt.checkout.rules.refusals import InvalidSession
from kvitt.checkout.rules.sessions import expiry_of, with_events
from kvitt.checkout.rules.tokens import GENERATE
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
    operation: str | None = None,
    of_tokens: Sequence[Problem] = (),
) -> tuple[Change, Session]:
    """A new session, or InvalidSession with every fault. `profile`: what it inherits from, if it names one.

    `operation`: its `payment_operation`. Tokens of saved cards were proved before: here they are ids, and
    what was wrong with them is `of_tokens`.
    """
    configuration = options.configuration if profile is None else inherit(profile.configuration, options.configuration)
    faults = [*_faults(account_id, options, profile, configuration, toggles, moment.now), *of_tokens]
    if not options.url.return_url and operation not in TOKEN_OF:
        faults.append(problem("return_url is required", "url.return_url"))
    if faults:
        raise InvalidSession("The session cannot be created", *faults)
    metadata = dict(options.metadata or {})
    if profile is not None:
        metadata["session:profile_id"] = profile.id
    session = Session(
        id=session_id,
        created_at=moment.now,
        updated_at=moment.now,
        expires_at=_utc(options.expires_at) if options.expires_at else moment.now + LIFETIME,
        url=_url(options.url, profile),
        order=options.order,
        customer=options.customer,
        express=options.express,
        configuration=configuration,
        checkboxes=options.checkboxes,
        merchant=options.merchant or (profile.merchant if profile else None),
        metadata=metadata or None,
        initiating_system_request_headers=moment.headers,
        payment_operation=operation,
        events=(SessionEvent("1", "INITIATED", moment.now, moment.request_id, moment.headers),),
    )
    if operation == GENERATE:
        session = with_events(session, moment, ("PAYMENT_TOKEN_FLOW_START", None))
    record = SessionRecord(session)
    change = Change(
        puts=(SESSIONS.put(account_id, session_id, record),),
        events=(news(account_id, moment.ids[0], "session.created", session_id, 1, moment.now, session),),
        tasks=(expiry_of(account_id, session),),
    )
    return change, session


def _url(own: Url, profile: Profile | None) -> Url:
    """The shop's own, with its profile's terms where it names none."""
    if profile is None or profile.url is None or own.merchant_terms_url is not None:
        return own
    return replace(own, merchant_terms_url=profile.url.merchant_terms_url)


def _faults(
    account_id: str,
    options: SessionOptions,
    profile: Profile | None,
    configuration: Configuration | None,
    toggles: frozenset[str],
    now: datetime,
) -> Iterator[Problem]:
    """`configuration`: the session's own, laid over its profile's."""
    order = options.order
    if options.profile_id is not None and profile is None:
        yield problem("There is no such payment profile", "profile_id")
    yield from _url_faults(account_id, options, configuration)
    if not is_currency(order.currency):
        yield problem("This is not a currency of ISO 4217", "order.currency")
    yield from line_faults(order)
    if STRICT_AMOUNTS in toggles:
        yield from sum_fault(order)
    if configuration is not None:
        yield from conflicts(configuration, order)
    if options.expires_at is not None and (fault := _expiry_fault(options.expires_at, now)) is not None:
        yield problem(fault, "expires_at")


def _url_faults(account_id: str, options: SessionOptions, configuration: Configuration | None) -> Iterator[Problem]:
    url, channel = options.url, configuration.channel if configuration else None
    checked = [("url.return_url", return_url_fault(url.return_url, channel) if url.return_url else None)]
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


def _expiry_fault(at: datetime, now: datetime) -> str | None:
    try:
        return "The session would have expired already" if _utc(at) <= now else None
    except OverflowError:
        return "In UTC the time lies before the year 1 or after the year 9999"


def _utc(at: datetime) -> datetime:
    """A time without a zone is UTC."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
