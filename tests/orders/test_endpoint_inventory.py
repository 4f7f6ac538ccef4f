"""Each of the 39 rows of the reference's endpoint inventory, asked for over HTTP. A test has its row's number.

What a route answers is what GET answers afterwards: the same version, the same lines, the same that is left.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest


def line(line_id: int, gross: int) -> dict[str, Any]:
    return {"line_id": line_id, "id": f"sku-{line_id}", "gross_amount": gross, "tax_lines": []}


def parts(line_id: int, amount: int) -> dict[str, Any]:
    return {"items": [{"line_id": line_id, "amount": amount}], "success": True}


SOLD = {"currency": "NOK", "items": [line(1, 1000), line(2, 500)],
        "store": {"id": "oslo"}, "customer": {"id": "kari", "first_name": "Kari"}}  # fmt: skip
SESSION = {"items": [{"line_id": "2"}], "profile_id": "default", "url": {"return_url": "https://shop.example/thanks"}}
REPORT = {"service": "kitchen", "service_status": "ready"}
DONE = {"authorizations": parts(1, 600), "captures": parts(1, 300), "refunds": parts(1, 100),
        "cancellations": parts(1, 50)}  # fmt: skip
AUTHORIZED, CAPTURED, REFUNDED, CANCELLED = DONE


@dataclass(frozen=True)
class Row:
    """`answers`: what kind of answer it is. `holds`: members of it, by their paths. `events`: takes include_events."""

    number: int
    method: str
    path: str
    answers: str
    holds: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    events: bool = False

    def __str__(self) -> str:
        return f"{self.number:02}-{self.method}-{self.path}"


DRAFT, ORDER = "/draft_orders/{draft}", "/orders/{order}"
ROWS = [
    Row(1, "GET", "/draft_orders", "drafts"),
    Row(2, "POST", "/draft_orders", "draft", {"status": "open", "order.net_amount": 1500}, {"order": SOLD}),
    Row(3, "GET", DRAFT, "draft", {"status": "open", "order.items.1.line_id": 2}),
    Row(4, "PUT", DRAFT, "draft", {"order.net_amount": 7, "version": 2},
        {"order": {"currency": "NOK", "items": [line(1, 7)]}}),
    Row(5, "DELETE", DRAFT, "draft", {"status": "deleted"}),
    Row(6, "POST", f"{DRAFT}/items", "draft", {"order.items.2.line_id": 3, "order.net_amount": 1507}, line(3, 7)),
    Row(7, "PUT", f"{DRAFT}/items/2", "draft", {"order.items.1.line_id": 2, "order.net_amount": 1007}, line(2, 7)),
    Row(8, "DELETE", f"{DRAFT}/items/2", "draft", {"order.net_amount": 1000}),
    Row(9, "PUT", f"{DRAFT}/complete", "orders", {"orders.0.status": "open", "orders.0.net_amount": 1500}, {}),
    Row(10, "POST", "/orders", "order", {"status": "open", "net_amount": 1500}, {"order": SOLD}, events=True),
    Row(11, "GET", "/orders", "orders", {"orders.0.net_amount": 1500}, events=True),
    Row(12, "GET", ORDER, "order", {"remaining.captured": 300}, events=True),
    Row(13, "PUT", ORDER, "order", {"courier_id": "bike"}, {"courier_id": "bike"}, events=True),
    Row(14, "POST", "/orders/{unpaid}/cancel", "order", {"status": "cancelled", "cancelled_reason": "customer"},
        {"reason": "customer"}, events=True),
    Row(15, "POST", f"{ORDER}/close", "order", {"status": "closed"}, events=True),
    Row(16, "POST", "/orders/{closed}/open", "order", {"status": "open"}, events=True),
    Row(17, "POST", f"{ORDER}/comments", "order", {"comments.1.text": "hei"}, {"text": "hei"}, events=True),
    Row(18, "DELETE", f"{ORDER}/comments/{{comment}}", "order", events=True),
    Row(19, "GET", f"{ORDER}/events", "events", {"state": "pending"}),
    Row(20, "POST", f"{ORDER}/events", "event", REPORT | {"state": "success"}, REPORT),
    Row(21, "GET", f"{ORDER}/authorizations", AUTHORIZED, {"authorizations.0.amount": 600}),
    Row(22, "POST", f"{ORDER}/authorizations", AUTHORIZED, {"amount": 500}, parts(2, 500)),
    Row(23, "GET", f"{ORDER}/authorizations/{{authorization}}", AUTHORIZED, {"amount": 600}),
    Row(24, "GET", f"{ORDER}/captures", CAPTURED, {"captures.0.amount": 300}),
    Row(25, "POST", f"{ORDER}/captures", CAPTURED, {"amount": 250}, parts(1, 250)),
    Row(26, "GET", f"{ORDER}/captures/{{capture}}", CAPTURED, {"amount": 300}),
    Row(27, "GET", f"{ORDER}/refunds", REFUNDED, {"refunds.0.amount": 100}),
    Row(28, "POST", f"{ORDER}/refunds", REFUNDED, {"amount": 200}, parts(1, 200)),
    Row(29, "GET", f"{ORDER}/refunds/{{refund}}", REFUNDED, {"amount": 100}),
    Row(30, "GET", f"{ORDER}/cancellations", CANCELLED, {"cancellations.0.amount": 50}),
    Row(31, "POST", f"{ORDER}/cancellations", CANCELLED, {"amount": 250}, parts(1, 250)),
    Row(32, "GET", f"{ORDER}/cancellations/{{cancellation}}", CANCELLED, {"amount": 50}),
    Row(33, "GET", f"{ORDER}/sessions", "sessions", {"sessions.0.amount": 500}),
    Row(34, "POST", f"{ORDER}/sessions", "sessions", {"amount": 500, "items.0.line_id": "2"}, SESSION),
    Row(35, "GET", f"{ORDER}/sessions/{{session}}", "sessions", {"amount": 500}),
    Row(36, "GET", "/stores/oslo/orders", "orders", {"orders.0.store.id": "oslo"}, events=True),
    Row(37, "GET", "/stores/oslo/orders/{order}", "order", {"store.id": "oslo"}, events=True),
    Row(38, "GET", "/customers/kari/orders", "orders", {"orders.0.customer.id": "kari"}, events=True),
    Row(39, "GET", "/customers/kari/orders/{order}", "order", {"customer.id": "kari"}, events=True),
]  # fmt: skip


@pytest.fixture
async def ids(shop) -> dict[str, str]:
    """A draft, an order with one of everything, one that was not paid, and one that was closed."""

    async def made(path: str, body: Any) -> dict[str, Any]:
        answer = await shop.post(f"{shop.shopping}{path}", body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    order, unpaid, closed = [(await made("/orders", {"order": SOLD}))["id"] for _ in range(3)]
    found = {"order": order, "unpaid": unpaid, "closed": closed}
    found["draft"] = (await made("/draft_orders", {"order": SOLD}))["id"]
    for verb, body in DONE.items():
        found[verb.removesuffix("s")] = (await made(f"/orders/{order}/{verb}", body))["id"]
    found["session"] = (await made(f"/orders/{order}/sessions", SESSION))["id"]
    found["comment"] = (await made(f"/orders/{order}/comments", {"text": "first"}))["comments"][0]["id"]
    await made(f"/orders/{closed}/close", None)
    return found


def at(answer: Any, path: str) -> Any:
    for name in path.split("."):
        answer = answer[int(name)] if name.isdigit() else answer[name]
    return answer


async def check_order(shop, answer: dict[str, Any], events: bool) -> None:
    assert {"events", "state"} & answer.keys() == ({"events", "state"} if events else set())
    params = {"include_events": "true"} if events else {}
    assert (await shop.get(f"{shop.shopping}/orders/{answer['id']}", params=params)).json() == answer
    assert {"authorized", "captured", "refunded", "cancelled", "left", "items"} == answer["remaining"].keys()
    assert answer["version"] >= 1


async def check(shop, row: Row, ids: dict[str, str], answer: dict[str, Any]) -> None:
    """The answer has its documented form, and says what GET says now."""

    async def get(path: str) -> Any:
        return (await shop.get(f"{shop.shopping}{path}")).json()

    match row.answers:
        case "draft":
            assert answer == await get(f"/draft_orders/{answer['id']}")
            assert {"id", "status", "version", "order", "created_at", "created_by"} <= answer.keys()
        case "drafts":
            draft = await get(f"/draft_orders/{ids['draft']}")
            assert answer == {"draft_orders": [{k: v for k, v in draft.items() if k != "events"}]}
        case "order":
            await check_order(shop, answer, row.events)
        case "orders":
            assert answer.keys() == {"orders"}
            assert len(answer["orders"]) == (3 if row.method == "GET" else 1)
            for order in answer["orders"]:
                await check_order(shop, order, row.events)
        case "events":
            assert answer.keys() == {"events", "state"}
            assert [event["version"] for event in answer["events"]] == list(range(7, 0, -1))
        case "event":
            assert (await get(f"/orders/{ids['order']}/events"))["events"][0] == answer
        case kind:  # operations and sessions: a list of them, or one
            now = await get(f"/orders/{ids['order']}")
            if kind in answer:
                assert answer == {kind: now[kind]}
            else:
                assert answer == await get(f"/orders/{ids['order']}/{kind}/{answer['id']}")
                assert answer in now[kind]


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_row(shop, ids, row):
    path = f"{shop.shopping}{row.path.format(**ids)}"
    params = {"include_events": "true"} if row.events else None
    async with httpx.AsyncClient(base_url=shop.url) as stranger:
        assert (await stranger.request(row.method, path, json=row.body)).status_code == 401
    answer = await shop.http.request(row.method, path, json=row.body, params=params)
    assert answer.status_code == 200, answer.text
    await check(shop, row, ids, answer.json())
    assert {name: at(answer.json(), name) for name in row.holds} == row.holds
    if row.number == 18:
        assert "comments" not in answer.json(), "it was the only one"


async def test_the_document_has_all_39_rows_and_where_events_may_be_asked_for(shop):
    def nameless(path: str) -> str:
        return re.sub(r"\{[^}]*\}|(?<=/stores/)oslo|(?<=/customers/)kari|(?<=/items/)2", "{}", path)

    assert [row.number for row in ROWS] == list(range(1, 40))
    paths = (await shop.get("/openapi.json")).json()["paths"]
    known = {nameless(path.split("/shopping")[-1]): methods for path, methods in paths.items() if "/shopping/" in path}
    for row in ROWS:
        operation = known[nameless(row.path)][row.method.lower()]
        named = {parameter.get("name") for parameter in operation.get("parameters", [])}
        assert ("include_events" in named) == row.events, row
