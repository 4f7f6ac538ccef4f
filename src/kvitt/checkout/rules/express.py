"""The customer of an express session says where the goods go, how, and with which discount codes.

Each of these answers the session as the customer wants it; what the shop is asked about it (flows/express.py) is laid
on top, and only then are its events written. The customer says which option they want and never what it costs.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from kvitt.checkout.model.order import Address, LineId
from kvitt.checkout.model.session import Express, Session, SessionEventName, SessionRecord
from kvitt.checkout.model.transaction import TransactionRecord
from kvitt.checkout.model.updates import MOST_CODES
from kvitt.checkout.rules.changes import changed, refuse_full, refuse_unless_changeable, refuse_while_locked
from kvitt.checkout.rules.lines import amount_faults
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.offers import is_required, on_offer, still_offered
from kvitt.checkout.rules.prices import with_shipping
from kvitt.checkout.rules.refusals import (
    AddressMissing,
    InvalidAddress,
    InvalidCodes,
    NotExpress,
    OptionMissing,
    OptionNotOffered,
)
from kvitt.checkout.rules.sessions import with_events
from kvitt.core.change import Change, Row
from kvitt.core.errors import problem

DEFAULT_MOST_CODES = 10
"""Discount codes of a session whose shop names no `max_count`."""


def open_express(row: Row[SessionRecord], transaction: TransactionRecord | None, moment: Moment) -> Express:
    """What the session lets its customer choose, or the reason why they may choose nothing."""
    refuse_unless_changeable(row.doc, transaction, moment.now)
    refuse_while_locked(row.doc.session, moment.now)
    if row.doc.session.express is None:
        raise NotExpress("The shop has decided where this order goes, and how")
    refuse_full(row)
    return row.doc.session.express


def with_shipping_address(session: Session, express: Express, address: Address) -> Session:
    """The chosen option is dropped when it does not go there. The bill goes along where it went there before."""
    _refuse_address(session, express, address)
    order = session.order
    together = order.billing_address is not None and order.billing_address == order.shipping_address
    billing = address if together else order.billing_address
    order = msgspec.structs.replace(order, shipping_address=address, billing_address=billing)
    return msgspec.structs.replace(session, order=still_offered(order, express))


def with_billing_address(session: Session, express: Express, address: Address) -> Session:
    """Another address than the goods go to only where the shop allows that to this kind of customer."""
    _refuse_address(session, express, address)
    allowed = (session.configuration and session.configuration.allow_different_billing_shipping_address) or ()
    if address != session.order.shipping_address and customer_type(address) not in allowed:
        message = "The bill goes to where the goods go"
        raise InvalidAddress(message, problem(message))
    return msgspec.structs.replace(session, order=msgspec.structs.replace(session.order, billing_address=address))


def with_option(session: Session, express: Express, id: str, line_id: LineId | None) -> Session:
    """`line_id`: may be left out where one option alone has the id."""
    options = on_offer(express, session.order.shipping_address)
    found = [o for o in options if o.id == id and (line_id is None or str(o.line_id) == str(line_id))]
    if len(found) != 1:
        message = "Several shipping options have this id" if found else "The session does not offer this shipping"
        raise OptionNotOffered(message, problem(message, "line_id" if found else "id"))
    order = with_shipping(session.order, found[0])
    if faults := list(amount_faults(order)):
        raise OptionNotOffered("The order cannot be paid with this shipping", *faults)
    return msgspec.structs.replace(session, order=order)


def with_codes(session: Session, codes: tuple[str, ...]) -> Session:
    """Each code once, in the order they were typed."""
    kept = tuple(dict.fromkeys(code.strip() for code in codes))
    most = most_codes(session)
    if "" in kept or len(kept) > most:
        codes_of = "discount code" if most == 1 else "discount codes"
        message = "A discount code is empty" if "" in kept else f"The session takes at most {most} {codes_of}"
        raise InvalidCodes(message, problem(message, "discount_codes", most=most))
    order = msgspec.structs.replace(session.order, discount_codes=kept or None)
    return msgspec.structs.replace(session, order=order)


def most_codes(session: Session) -> int:
    """How many discount codes the session takes: the shop says where codes are asked about, and that it wants them."""
    codes = session.express.discount_codes if session.express else None
    discounts: dict[str, Any] = (session.configuration.discounts if session.configuration else None) or {}
    wanted = discounts.get("express_discount_codes")
    if codes is None or not isinstance(wanted, dict) or wanted.get("enabled") is not True:
        return 0
    return DEFAULT_MOST_CODES if codes.max_count is None else min(max(codes.max_count, 0), MOST_CODES)


def settled(
    account_id: str, row: Row[SessionRecord], after: Session, name: SessionEventName, moment: Moment
) -> tuple[Change, Session]:
    """The customer's choice with its event, written down. Nothing when it was so before.

    An address may take away shipping that the amount never had in it: such an order cannot be written down.
    """
    if after == row.doc.session:
        return Change(), after
    if faults := list(amount_faults(after.order)):
        raise InvalidAddress("Without its shipping the order cannot be paid", *faults)
    session = with_events(after, moment, (name, _details(name, after)))
    return changed(account_id, row, session), session


def _details(name: SessionEventName, after: Session) -> dict[str, Any]:
    order = after.order
    told: dict[str, Any] = {"amount": order.amount}
    if name == "SET_DISCOUNT_CODES":
        return told | {"discount_codes": list(order.discount_codes or ())}
    if name == "SET_SHIPPING_OPTION":
        return told | {"shipping_option": msgspec.to_builtins(order.shipping_option)}
    member = "shipping_address" if name == "SET_SHIPPING_ADDRESS" else "billing_address"
    return told | {member: msgspec.to_builtins(getattr(order, member))}


def refuse_unready(session: Session) -> None:
    """An express session is paid once it is known where the goods go and how."""
    express = session.express
    if express is None or not is_required(express):
        return
    address, chosen = session.order.shipping_address, session.order.shipping_option
    if address is None:
        raise AddressMissing("The shipping address is missing", problem("is missing", "order.shipping_address"))
    if chosen is None and needs_option(express):
        message = "No shipping option is chosen" if on_offer(express, address) else "The shop does not ship there"
        raise OptionMissing(message, problem(message, "order.shipping_option"))


def needs_option(express: Express) -> bool:
    asks = express.shipping_address_callback_url is not None
    return is_required(express) and (asks or bool(express.shipping_options))


def customer_type(address: Address) -> Literal["b2c", "b2b"]:
    return "b2b" if address.organization_number or address.business_name else "b2c"


def _refuse_address(session: Session, express: Express, address: Address) -> None:
    served = (session.configuration.countries if session.configuration else None) or {}
    allowed, denied = served.get("allow_countries"), served.get("deny_countries")
    country = address.country
    if country is not None and (
        (isinstance(denied, list) and country in denied)
        or (isinstance(allowed, list) and allowed and country not in allowed)
    ):
        message = f"The shop does not sell to {country}"
        raise InvalidAddress(message, problem(message, "country"))
    if express.customer_types and customer_type(address) not in express.customer_types:
        business = customer_type(address) == "b2b"
        message = "The shop does not sell to companies" if business else "The shop sells to companies alone"
        raise InvalidAddress(message, problem(message, "organization_number"))
