"""What lists of transactions are asked for: every filter, of each a value that many have and one that few have.

Which values those are is read off the database. The condition in SQL is written here once more, apart from the store's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from kvitt.core.paging import Sort
from kvitt.store.tables import lexeme

_TIMES = ("created_at", "captured_at", "refunded_at")
_FIGURES = """
select percentile_disc(array[0.01, 0.45, 0.5, 0.55, 0.99]) within group (order by {0}) from transaction_list
where account_id = $1 and {0} is not null
"""
_LABELS = """
select label from (select unnest(labels) as label from transaction_list where account_id = $1) l
where starts_with(label, $2) group by 1 order by count(*) {0}, 1 limit 1
"""
_NEVER = {"token_id": "none", "payment_operation": "recurring_purchase"}
"""Filters of which the seed has nothing."""
_OF_ONE = ("merchant_reference", "merchant_reference_2", "id", "session_id")
_SOME = (
    "currency", "payment_product", "payment_product_type", "card_brand", "channel", "store_id", "terminal_id",
    "customer_id", "payout_correlation_id", "payout_destination_id",
)  # fmt: skip
_STATUSES = ("CAPTURED", "AUTHORIZED", "REFUNDED", "PARTIALLY_REFUNDED", "AUTHORIZATION_VOIDED", "FAILED", "ON_HOLD")
_SEARCHES = (
    "hansen", "ka", "kari hansen", "gjallarhorn", "hansen7@example.com", "+4741234567", "1234", "oslo", "example"
)  # fmt: skip


@dataclass
class Filter:
    """`query`: as it is sent. `where`: as SQL over transaction_list l. The others are found by `measure`.

    `middle`: the id behind which half of what matches comes.
    """

    name: str
    query: dict[str, str]
    where: str = "true"
    matches: int = 0
    middle: str = ""

    def url(self, _account_id: str, _sort: Sort, *, deep: bool) -> str:
        query = self.query | ({"starting_after": self.middle} if deep else {})
        return f"/v1/transactions?{urlencode(query)}"

    async def measure(self, connection: Any, account_id: str) -> None:
        matching = f"from transaction_list l where l.account_id = $1 and {self.where}"
        self.matches = await connection.fetchval(f"select count(*) {matching}", account_id)
        self.middle = await connection.fetchval(
            f"select l.id {matching} order by l.created_at desc, l.id desc offset $2 limit 1",
            account_id,
            self.matches // 2,
        )


async def filters_of(connection: Any, account_id: str) -> list[Filter]:
    """All of them, measured."""
    figures = {name: await connection.fetchval(_FIGURES.format(name), account_id) for name in (*_TIMES, "amount")}
    labels: dict[tuple[str, str], str] = {}
    for name in (*_SOME, *_OF_ONE):
        for often, direction in (("often", "desc"), ("seldom", "asc")):
            found = await connection.fetchval(_LABELS.format(direction), account_id, f"{name}:")
            labels[name, often] = found.partition(":")[2] if found is not None else "none"
    singles = [
        Filter("all", {}),
        *(_status(each) for each in _STATUSES),
        *(_label(name, labels[name, often]) for name in _SOME for often in ("often", "seldom")),
        *(_label(name, labels[name, "seldom"]) for name in _OF_ONE),
        *(_label(name, value) for name, value in _NEVER.items()),
        *(each for name in _TIMES for each in _bounds(name, figures[name])),
        *_bounds("amount", figures["amount"]),
        Filter(f"amount={figures['amount'][2]}", {"amount": str(figures["amount"][2])},
               f"l.amount = {figures['amount'][2]}"),
        *(_search(account_id, text) for text in _SEARCHES),
        Filter("search={id}", {"search": labels["id", "seldom"]}, _label("id", labels["id", "seldom"]).where),
    ]  # fmt: skip
    store, seldom_store = (_label("store_id", labels["store_id", often]) for often in ("often", "seldom"))
    customer = _label("customer_id", labels["customer_id", "often"])
    currency, seldom_currency = (_label("currency", labels["currency", often]) for often in ("often", "seldom"))
    created, captured, refunded, amount = (figures[name] for name in (*_TIMES, "amount"))
    hansen = _search(account_id, "hansen")
    pairs = [
        (store, _status("CAPTURED")), (store, _status("FAILED")), (seldom_store, _status("CAPTURED")),
        (store, customer), (currency, _status("REFUNDED")), (seldom_currency, _status("AUTHORIZATION_VOIDED")),
        (customer, currency), (store, _between("created_at", created)), (currency, _between("created_at", created)),
        (_from("created_at", created[4]), _status("REFUNDED")), (_until("created_at", created[0]), currency),
        (_from("captured_at", captured[4]), _until("created_at", created[2])),
        (_from("created_at", created[3]), _until("captured_at", captured[0])),
        (_between("captured_at", captured), store), (_between("refunded_at", refunded), seldom_store),
        (_from("amount", amount[4]), _status("DECLINED")), (_until("amount", amount[0]), currency),
        (_from("amount", amount[4]), seldom_store), (_from("amount", amount[4]), _from("created_at", created[4])),
        (hansen, _status("REFUNDED")), (hansen, store), (hansen, seldom_store),
        (hansen, _between("created_at", created)),
        (_search(account_id, "ka"), _status("DECLINED")), (_label("card_brand", "amex"), store),
        (_label("payment_product_type", "swish.swish"), seldom_currency),
    ]  # fmt: skip
    for each in (found := [*singles, *(_both(*pair) for pair in pairs)]):
        await each.measure(connection, account_id)
    return found


def _status(value: str) -> Filter:
    return Filter(f"status={value}", {"status": value}, f"l.status = '{value}'")


def _label(name: str, value: str) -> Filter:
    return Filter(f"{name}={value}", {name: value}, f"l.labels @> array['{name}:{value}']")


def _search(account_id: str, text: str) -> Filter:
    words = [text.removeprefix("+")] if text.startswith("+") else text.split()
    query = " & ".join(f"'{lexeme(account_id, word)}':*" for word in words).replace("'", "''")
    return Filter(
        f"search={text}",
        {"search": text},
        "exists (select from transaction_words w where w.account_id = l.account_id and w.id = l.id "
        f"and w.words @@ '{query}'::tsquery)",
    )


def _bounds(name: str, figures: list[Any]) -> list[Filter]:
    return [_from(name, figures[4]), _until(name, figures[0]), _between(name, figures)]


def _between(name: str, figures: list[Any]) -> Filter:
    return _both(_from(name, figures[1]), _until(name, figures[3]))


def _from(column: str, value: datetime | int) -> Filter:
    return _bound(column, "gte", ">=", value)


def _until(column: str, value: datetime | int) -> Filter:
    return _bound(column, "lte", "<=", value)


def _bound(column: str, name: str, sign: str, value: datetime | int) -> Filter:
    text, short = str(value), str(value)
    if isinstance(value, datetime):
        text, short = value.isoformat(), value.date().isoformat()
    return Filter(f"{column}.{name}={short}", {f"{column}.{name}": text}, f"l.{column} {sign} '{text}'")


def _both(one: Filter, other: Filter) -> Filter:
    return Filter(f"{one.name} & {other.name}", one.query | other.query, f"{one.where} and {other.where}")
