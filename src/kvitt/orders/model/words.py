"""What an order is found by: the words of a search, and labels for the filters that have no column.

A label has a colon (`travel_mode:custom`), a word of a search never has, so neither is taken for the other. An order
has at most `MAX_LABELS` and `MAX_WORDS`, the important ones first: of a thousand lines, the first ones are found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from kvitt.core.words import LONGEST, fold, labelled, phone_words, words_in
from kvitt.orders.model.documents import Order, OrderRecord
from kvitt.orders.model.lines import Item
from kvitt.orders.model.parties import Customer, DeliveryAddress
from kvitt.orders.model.walking import text_of, texts_in, walk

MAX_WORDS = 200
MAX_LABELS = 100
_MOST_TYPES = 20
"""Discount types of one order that it is found by."""
_MOST_EXTERNAL = 30
"""Texts of external_ids, and of external_links."""
_LONGEST_TEXT = 200
"""Characters of a description or an external id that are looked at."""
_MOST_LINES = 300
"""Lines that are looked at, whether or not words are found in them."""
_TOGETHER = 20
"""Lines that are looked at in one go."""
LONGEST_VALUE = 255
"""Characters of what a filter of labels asks for. A longer text has no label: a letter may unfold to eighteen."""

_ADDRESSES = {"arrival_address": "arrival", "departure_address": "departure"}
_OF_ADDRESS = ("id", "name", "address_line", "postal_place")


def labels_of(record: OrderRecord) -> tuple[str, ...]:
    """Each once, at most `MAX_LABELS` of at most a hundred characters. None for an order that was removed."""
    return () if record.removed else tuple(dict.fromkeys(islice(_labels(record.order), MAX_LABELS)))


def words_of(record: OrderRecord) -> tuple[str, ...]:
    """Each once, at most `MAX_WORDS` of at most a hundred characters. None for an order that was removed."""
    if record.removed:
        return ()
    order = record.order
    found = dict.fromkeys((order.id.replace("-", "").lower()[:LONGEST],))
    for words in _searched(order):
        found.update(dict.fromkeys(words))
        if len(found) >= MAX_WORDS:
            return tuple(islice(found, MAX_WORDS))
    return tuple(found)


def label(name: str, value: str) -> str:
    """An exact value as a word of its own kind. The order's number is told by its case, other values are not."""
    return labelled(name, value if name == "order_id" else " ".join(fold(value).split()))


def customer_of(order: Order) -> str | None:
    """The shop's id of the customer."""
    customer = order.customer
    return (customer.id or customer.customer_id or None) if customer is not None else None


def store_of(order: Order) -> str | None:
    return order.store.id if order.store is not None else None


def _labels(order: Order) -> Iterator[str]:
    yield label("order_id", order.order_id)
    if order.id != order.order_id:
        yield label("order_id", order.id)
    types = {line.discount_type: None for item in order.items for line in item.discount_lines or ()}
    for type in islice(filter(None, types), _MOST_TYPES):
        yield label("discount_type", type)
    if order.itinerary is not None:
        values = islice(dict.fromkeys(_itinerary(order.itinerary)), MAX_LABELS)
        yield from (label(name, text) for name, text in values)


def _itinerary(itinerary: Any) -> Iterator[tuple[str, str]]:
    """(name of the label, value) of each travel mode and of the parts of each address."""
    for name, value in walk(itinerary):
        if name == "travel_mode":
            yield from ((name, text) for text in _askable(value))
        elif name in _ADDRESSES:
            parts = (value.get(part) for part in _OF_ADDRESS) if isinstance(value, dict) else (value,)
            yield from ((_ADDRESSES[name], text) for part in parts for text in _askable(part))


def _askable(value: Any) -> Iterator[str]:
    text = text_of(value)
    if text and len(text) <= LONGEST_VALUE:
        yield text


def _searched(order: Order) -> Iterator[Iterable[str]]:
    """Words, the important ones first."""
    number = order.order_id if order.order_id != order.id else None
    customer, shipping, billing = order.customer, order.shipping_address, order.billing_address
    texts: list[str | None] = [number]
    if customer is not None:
        texts += _customer(customer)
    for address in (shipping, billing):
        if address is not None:
            texts += _address(address)
    yield _words(texts)
    for party in (customer, shipping, billing):
        if party is not None and party.phone_number:
            yield phone_words(party.phone_number)
    external = [value for value in (order.external_ids, order.external_links) if value is not None]
    if external:
        yield _words(chain.from_iterable(islice(texts_in(value), _MOST_EXTERNAL) for value in external))
    lines = order.items[:_MOST_LINES]
    for start in range(0, len(lines), _TOGETHER):
        yield _words(chain.from_iterable(map(_line, lines[start : start + _TOGETHER])))


def _customer(customer: Customer) -> tuple[str | None, ...]:
    ids = (customer.id, customer.customer_id, customer.email, customer.first_name, customer.last_name)
    company = customer.company
    if company is None:
        return ids
    return (*ids, company.bussiness_name, company.business_name, company.organization_number)


def _address(address: DeliveryAddress) -> tuple[str | None, ...]:
    return (
        address.first_name,
        address.last_name,
        address.business_name,
        address.organization_number,
        address.email,
        address.postal_code,
        address.postal_place,
    )


def _line(item: Item) -> tuple[str | None, ...]:
    return (item.id, item.external_id, item.description)


def _words(texts: Iterable[str | None]) -> list[str]:
    return words_in(" ".join([text[:_LONGEST_TEXT] for text in texts if text]))
