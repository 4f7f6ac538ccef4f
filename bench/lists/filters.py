"""What lists are asked for: every documented filter, of each a value that many orders have and one that few have.

Which values those are is read off the database. The condition in SQL is written here once more, apart from the store's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from kvitt.core.change import LABEL
from kvitt.core.paging import Sort, token_of
from kvitt.core.words import fold
from kvitt.store.tables import lexeme

SORTS = tuple(
    Sort(by, descending, times=by != "amount")
    for by in ("created_at", "updated_at", "amount")
    for descending in (True, False)
)

_FIGURES = """
select percentile_disc(array[0.01, 0.45, 0.5, 0.55, 0.99]) within group (order by created_at) as created_at,
       percentile_disc(array[0.01, 0.45, 0.5, 0.55, 0.99]) within group (order by updated_at) as updated_at,
       percentile_disc(array[0.01, 0.45, 0.5, 0.55, 0.999]) within group (order by amount) as amount
from order_list where account_id = $1
"""
_OFTEN = """
select {0} from order_list where account_id = $1 and {0} is not null group by 1 order by count(*) {1}, 1 limit 1
"""
_NUMBER = """
select o.order_id from order_list l join orders o using (account_id, id)
where account_id = $1 and l.created_at >= $2 and length(o.order_id) = 9 order by l.created_at limit 1
"""
"""One that was generated, which is one word: others may be parted in two."""


@dataclass
class Filter:
    """`query`: as it is sent. `where`: as SQL over order_list l. `matches` and `middles` are found by `measure`."""

    name: str
    query: dict[str, str]
    where: str = "true"
    path: str = "orders"
    matches: int = 0
    middles: dict[str, Any] = field(default_factory=dict)

    def url(self, account_id: str, sort: Sort, *, deep: bool) -> str:
        """`deep`: behind half of what matches."""
        query = {**self.query, "sort": str(sort)}
        if deep:
            query["starting_after"] = token_of((self.middles[sort.by], "8"), sort)
        return f"/v1/accounts/{account_id}/shopping/{self.path}?{urlencode(query)}"

    async def measure(self, connection: Any, account_id: str) -> None:
        row = await connection.fetchrow(
            "select count(*), percentile_disc(0.5) within group (order by l.created_at) as created_at, "
            "percentile_disc(0.5) within group (order by l.updated_at) as updated_at, "
            "percentile_disc(0.5) within group (order by l.amount) as amount "
            f"from order_list l where l.account_id = $1 and {self.where}",
            account_id,
        )
        self.matches, self.middles = row["count"], {sort.by: row[sort.by] for sort in SORTS}


async def filters_of(connection: Any, account_id: str) -> list[Filter]:
    """All of them, measured."""
    figures = await connection.fetchrow(_FIGURES, account_id)
    created, updated, amount = figures["created_at"], figures["updated_at"], figures["amount"]
    values = {}
    for column in ("store_id", "customer_id"):
        for name, direction in (("often", "desc"), ("seldom", "asc")):
            values[column, name] = await connection.fetchval(_OFTEN.format(column, direction), account_id)
    number = await connection.fetchval(_NUMBER, account_id, created[1])
    word = Words(account_id)
    travel = partial(word.label, "itinerary_travel_mode", "travel_mode")
    arrival = partial(word.label, "itinerary_arrival_address", "arrival")
    discount = partial(word.label, "items_discount_lines_discount_type", "discount_type")
    singles = [
        Filter("all", {}),
        *(_equal("status", each) for each in ("open", "closed", "cancelled")),
        *(
            _equal("payment_status", each)
            for each in ("paid", "pending", "partially_paid", "partially_refunded", "refunded")
        ),
        *(_equal("store_id", values["store_id", name]) for name in ("often", "seldom")),
        *(_equal("customer_id", values["customer_id", name]) for name in ("often", "seldom")),
        _from("created_at", created[4]), _until("created_at", created[0]),
        _between("created_at", created[1], created[3]),
        _from("updated_at", updated[4]), _until("updated_at", updated[0]),
        _between("updated_at", updated[1], updated[3]),
        _from("amount", amount[4]), _until("amount", amount[0]), _between("amount", amount[1], amount[3]),
        word.label("order_id", "order_id", number),
        *(word.search(text) for text in ("hansen", "ka", "kari hansen", "ullgenser oslo", "hansen7@example.com",
                                         "gjallarhorn", number.lower(), "91234")),
        *(travel(each) for each in ("TRAIN", "CUSTOM")),
        *(arrival(each) for each in ("Oslo", "Vejle")),
        *(word.label("itinerary_departure_address", "departure", each) for each in ("Oslo", "Vejle")),
        *(discount(each) for each in ("periodic", "employee", "external")),
    ]  # fmt: skip
    often, seldom = values["store_id", "often"], values["store_id", "seldom"]
    customer = values["customer_id", "often"]
    pairs = [
        _both(_equal("status", "open"), _equal("payment_status", "refunded")),
        _both(_equal("status", "cancelled"), _equal("payment_status", "pending")),
        _both(_equal("store_id", often), _equal("payment_status", "partially_paid")),
        _both(_equal("store_id", seldom), _equal("status", "open")),
        _both(_equal("store_id", often), _equal("customer_id", customer)),
        _both(_equal("store_id", often), _between("created_at", created[1], created[3])),
        _both(_equal("customer_id", customer), discount("loyalty")),
        _both(_until("created_at", created[0]), _equal("payment_status", "pending")),
        _both(_from("created_at", created[4]), _equal("status", "cancelled")),
        _both(_from("created_at", created[4]), _from("amount", amount[4])),
        _both(_from("created_at", created[3]), _until("updated_at", updated[4])),
        _both(_from("updated_at", updated[4]), _until("created_at", created[2])),
        _both(_from("updated_at", updated[4]), _equal("status", "closed")),
        _both(_between("amount", amount[1], amount[3]), _equal("payment_status", "partially_paid")),
        _both(word.search("hansen"), _equal("status", "cancelled")),
        _both(word.search("ka"), _equal("payment_status", "partially_paid")),
        _both(word.search("hansen"), _from("created_at", created[4])),
        _both(word.search("oslo"), _equal("store_id", seldom)),
        _both(word.search("hansen"), discount("employee")),
        _both(travel("TRAIN"), arrival("Oslo")),
        Filter("/stores/… (often)", {}, _equal("store_id", often).where, f"stores/{often}/orders"),
        Filter("/customers/… (often)", {}, _equal("customer_id", customer).where, f"customers/{customer}/orders"),
    ]  # fmt: skip
    for each in (found := [*singles, *pairs]):
        await each.measure(connection, account_id)
    return found


class Words:
    """Conditions on what an order is found by."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id

    def label(self, parameter: str, kind: str, value: str) -> Filter:
        text = value if kind == "order_id" else fold(value)
        return Filter(f"{parameter}={value}", {parameter: value}, self._found_by([f"{LABEL}{kind}:{text}"], ""))

    def search(self, text: str) -> Filter:
        return Filter(f"search={text}", {"search": text}, self._found_by(text.split(), ":*"))

    def _found_by(self, words: list[str], prefix: str) -> str:
        query = " & ".join(f"'{lexeme(self._account_id, word)}'{prefix}" for word in words).replace("'", "''")
        return (
            "exists (select from order_words w where w.account_id = l.account_id and w.id = l.id "
            f"and w.words @@ '{query}'::tsquery)"
        )


def _equal(column: str, value: str) -> Filter:
    return Filter(f"{column}={value}", {column: value}, f"l.{column} = '{value}'")


def _from(column: str, value: datetime | int) -> Filter:
    return Filter(f"{column}.gte={_short(value)}", {f"{column}.gte": _text(value)}, f"l.{column} >= '{_text(value)}'")


def _until(column: str, value: datetime | int) -> Filter:
    return Filter(f"{column}.lte={_short(value)}", {f"{column}.lte": _text(value)}, f"l.{column} <= '{_text(value)}'")


def _between(column: str, least: datetime | int, most: datetime | int) -> Filter:
    return _both(_from(column, least), _until(column, most))


def _both(one: Filter, other: Filter) -> Filter:
    return Filter(f"{one.name} & {other.name}", one.query | other.query, f"{one.where} and {other.where}")


def _text(value: datetime | int) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _short(value: datetime | int) -> str:
    return value.date().isoformat() if isinstance(value, datetime) else str(value)
