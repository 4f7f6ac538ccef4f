"""How lists show a transaction and a session: columns with bounds, labels of what is asked for exactly, search words.

A label is a value under a name, `currency:NOK`. Ids are labels: a search that is an id looks among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from kvitt.core.words import fold, labelled, phone_words, words_in

if TYPE_CHECKING:
    from kvitt.checkout.model.order import Address
    from kvitt.checkout.model.session import Customer, SessionRecord
    from kvitt.checkout.model.transaction import Card, Transaction, TransactionRecord

MAX_LABELS = 50
MAX_WORDS = 40
_MOST_TOKENS = 5
_MOST_DESTINATIONS = 20
"""Sellers that one transaction is found by."""
_MOST_LINES = 300
"""Lines in which sellers are looked for."""
LONGEST_VALUE = 255
"""Characters of a value that has a label. No longer one can be asked for."""
_LONGEST_TEXT = 200
"""Characters of a text in which words are looked for."""


def transaction_listed(record: TransactionRecord) -> tuple[Any, ...]:
    """created_at, amount, status, and when money was last captured and refunded (None: it was not)."""
    transaction = record.transaction
    captured, refunded = _last(transaction, "CAPTURE"), _last(transaction, "REFUND")
    return (transaction.created_at, transaction.amount, transaction.status, captured, refunded)


def transaction_labels(record: TransactionRecord) -> tuple[str, ...]:
    """Each once, at most `MAX_LABELS`; of the status there is a column."""
    transaction = record.transaction
    tokens = islice(dict.fromkeys(_tokens(record)), _MOST_TOKENS)
    destinations = islice(dict.fromkeys(_destinations(transaction)), _MOST_DESTINATIONS)
    values = chain(
        _values(transaction),
        (("token_id", id) for id in tokens),
        (("payout_destination_id", id) for id in destinations),
    )
    return _labels(values)


def transaction_words(record: TransactionRecord) -> tuple[str, ...]:
    """Each once, at most `MAX_WORDS`."""
    transaction = record.transaction
    references = (transaction.merchant_reference, transaction.merchant_reference_2, *_tokens(record))
    return _words(references, transaction.customer, transaction.shipping_address, transaction.billing_address)


def session_listed(record: SessionRecord) -> tuple[Any, ...]:
    """created_at."""
    return (record.session.created_at,)


def session_labels(record: SessionRecord) -> tuple[str, ...]:
    session, order = record.session, record.session.order
    return _labels(
        (
            ("id", session.id),
            ("merchant_reference", order.merchant_reference),
            ("merchant_reference_2", order.merchant_reference_2),
        )
    )


def session_words(record: SessionRecord) -> tuple[str, ...]:
    """Each once, at most `MAX_WORDS`."""
    session, order = record.session, record.session.order
    references = (order.merchant_reference, order.merchant_reference_2)
    return _words(references, session.customer, order.shipping_address, order.billing_address)


def brand_label(brand: str) -> str:
    """Of a card; its name is spelled with capitals by some."""
    return labelled("card_brand", fold(brand))


def _values(transaction: Transaction) -> Iterator[tuple[str, str | None]]:
    """What a filter asks for exactly."""
    customer, store, card = transaction.customer, transaction.store, transaction.card
    yield "id", transaction.id
    yield "session_id", transaction.session_id
    yield "currency", transaction.currency
    yield "payment_product", transaction.payment_product
    yield "payment_product_type", transaction.payment_product_type
    yield "payment_operation", transaction.payment_operation
    yield "channel", transaction.channel
    yield "merchant_reference", transaction.merchant_reference
    yield "merchant_reference_2", transaction.merchant_reference_2
    if customer is not None:
        yield "customer_id", customer.customer_id
    if store is not None:
        yield "store_id", store.id
        yield "terminal_id", store.terminal_id
    if card is not None and card.brand:
        yield "card_brand", fold(card.brand)
    correlation = (transaction.metadata or {}).get("payout_correlation_id")
    yield "payout_correlation_id", None if correlation is None else str(correlation)


def _tokens(record: TransactionRecord) -> Iterator[str]:
    """Ids of the tokens that were made with the payment, and of those that it was made with."""
    card: Card | None = record.transaction.card
    ids = (card.payment_token_id, card.recurrence_token_id) if card is not None else ()
    return filter(None, (*ids, *(attempt.token_id for attempt in record.attempts)))


def _destinations(transaction: Transaction) -> Iterator[str]:
    """The sellers who get the money, or a part of it."""
    if transaction.payout_destination_id:
        yield transaction.payout_destination_id
    for item in (transaction.items or ())[:_MOST_LINES]:
        yield from (split.payout_destination_id for split in item.splits or ())


def _labels(values: Iterable[tuple[str, str | None]]) -> tuple[str, ...]:
    found = (labelled(name, text) for name, text in values if text and len(text) <= LONGEST_VALUE)
    return tuple(islice(dict.fromkeys(found), MAX_LABELS))


def _words(references: Iterable[str | None], customer: Customer | None, *addresses: Address | None) -> tuple[str, ...]:
    texts, phones = list(references), []
    if customer is not None:
        texts.append(customer.email)
        phones.append(customer.phone_number)
    for address in filter(None, addresses):
        texts += (address.first_name, address.last_name, address.business_name, address.email)
        phones.append(address.phone_number)
    found = dict.fromkeys(words_in(" ".join([text[:_LONGEST_TEXT] for text in texts if text])))
    for phone in phones:
        found.update(dict.fromkeys(phone_words(phone) if phone else ()))
    return tuple(islice(found, MAX_WORDS))


def _last(transaction: Transaction, name: str) -> datetime | None:
    times = (event.created_at for event in transaction.events if event.event == name and event.success)
    return max(times, default=None)
