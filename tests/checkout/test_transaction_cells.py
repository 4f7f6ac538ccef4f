"""Every operation in every status, over HTTP: where it leads, or that it is refused and leaves no trace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from kvitt.checkout.model.payment import Outcome
from kvitt.checkout.model.transaction import TRANSACTIONS
from kvitt.core.change import Change

from .conftest import SUCCESS

Body = Callable[..., dict[str, Any]]
WHOLE, PART, LITTLE = 39800, 10000, 4000
DECLINED = "4100000000000076"
NO = "400"

OPERATIONS = (
    "capture", "partial capture", "final capture", "refund", "partial refund", "void", "update",
)  # fmt: skip
CELLS = {
    "INITIATED": (NO, NO, NO, NO, NO, NO, NO),
    "ON_HOLD": (NO, NO, NO, NO, NO, NO, NO),
    "AUTHORIZED": ("CAPTURED", "PARTIALLY_CAPTURED", "CAPTURED", NO, NO, "AUTHORIZATION_VOIDED", "AUTHORIZED"),
    "PARTIALLY_CAPTURED": (
        "CAPTURED", "PARTIALLY_CAPTURED", "CAPTURED", "PARTIALLY_CAPTURED_REFUNDED", "PARTIALLY_CAPTURED_REFUNDED", NO,
        "PARTIALLY_CAPTURED",
    ),
    "PARTIALLY_CAPTURED_REFUNDED": (
        "PARTIALLY_REFUNDED", "PARTIALLY_CAPTURED_REFUNDED", "PARTIALLY_REFUNDED", "PARTIALLY_CAPTURED_REFUNDED",
        "PARTIALLY_CAPTURED_REFUNDED", NO, "PARTIALLY_CAPTURED_REFUNDED",
    ),
    "CAPTURED": (NO, NO, NO, "REFUNDED", "PARTIALLY_REFUNDED", NO, NO),
    "PARTIALLY_REFUNDED": (NO, NO, NO, "REFUNDED", "PARTIALLY_REFUNDED", NO, NO),
    "REFUNDED": (NO, NO, NO, NO, NO, NO, NO),
    "AUTHORIZATION_VOIDED": (NO, NO, NO, NO, NO, NO, NO),
    "DECLINED": (NO, NO, NO, NO, NO, NO, NO),
    "FAILED": (NO, NO, NO, NO, NO, NO, NO),
    "UNKNOWN": (NO, NO, NO, NO, NO, NO, NO),
}  # fmt: skip
"""The official table, for a card whose remainder is voided by a final capture, and whose authorization may grow."""

WAY: dict[str, tuple[tuple[str, int | None], ...]] = {
    "AUTHORIZED": (),
    "PARTIALLY_CAPTURED": (("capture", PART),),
    "PARTIALLY_CAPTURED_REFUNDED": (("capture", PART), ("refund", LITTLE)),
    "CAPTURED": (("capture", WHOLE),),
    "PARTIALLY_REFUNDED": (("capture", WHOLE), ("refund", LITTLE)),
    "REFUNDED": (("capture", WHOLE), ("refund", WHOLE)),
    "AUTHORIZATION_VOIDED": (("void", None),),
}
"""The operations that lead from a paid session to the status."""


class Payment:
    """One transaction over HTTP, brought to a status."""

    def __init__(self, shop: Any, http: Any, server: Any, sent: dict[str, Any]) -> None:
        self.shop, self.http, self.server, self.sent = shop, http, server, sent
        self.id = ""

    @property
    def path(self) -> str:
        return f"/v1/transactions/{self.id}"

    async def get(self) -> Any:
        return (await self.shop.get(self.path)).json()

    async def pay(self, number: str = SUCCESS, product: str = "dintero_psp.creditcard") -> str:
        """Tries to pay a new session; answers its id."""
        sid = str((await self.shop.post("/v1/sessions-profile", self.sent)).json()["id"])
        card = {"number": number, "expiry": "12/34", "cvc": "123"}
        await self.http.post(f"/v1/sessions/{sid}/pay", json={"payment_product_type": product, "card": card})
        self.id = (await self.shop.get(f"/v1/sessions/{sid}")).json()["transaction_id"]
        return sid

    async def bring_to(self, status: str) -> None:
        if status in WAY:
            await self.pay()
            for verb, amount in WAY[status]:
                answer = await self.shop.post(f"{self.path}/{verb}", None if amount is None else {"amount": amount})
                assert answer.status_code == 200, answer.text
        elif status in ("ON_HOLD", "FAILED"):
            attempt_id = await self.review()
            if status == "FAILED":
                await self.decide(attempt_id, "decline")
        else:
            sid = await self.pay(DECLINED)
            if status == "DECLINED":
                await self.http.post(f"/v1/view/{sid}/session/abandon")
            elif status == "UNKNOWN":
                await self.write(status)
        assert (await self.get())["status"] == status

    async def review(self) -> str:
        """Pays with an invoice that is put on hold; answers the attempt that is looked at."""
        sid = str((await self.shop.post("/v1/sessions-profile", self.sent)).json()["id"])
        paying = {"payment_product_type": "collector.invoice"}
        waits = (await self.http.post(f"/v1/sessions/{sid}/pay", json=paying)).json()
        self.id, attempt_id = waits["transaction_id"], str(waits["redirect_url"].rpartition("/")[2])
        await self.decide(attempt_id, "approve")
        return attempt_id

    async def decide(self, attempt_id: str, decision: str) -> None:
        """The customer decides, or the review does, and kvitt hears of it."""
        await self.server.app.sandbox.approvals.decide(self.shop.account_id, attempt_id, decision)
        await self.server.app.checkout.notified(self.shop.account_id, self.id, attempt_id)

    async def write(self, status: str) -> None:
        """For the status that nothing leads to here."""
        store = self.server.store
        row = await store.get(TRANSACTIONS, self.shop.account_id, self.id)
        shown = msgspec.structs.replace(row.doc.transaction, status=status)
        record = msgspec.structs.replace(row.doc, transaction=shown)
        await store.commit(Change(puts=(TRANSACTIONS.put(self.shop.account_id, self.id, record, row.version),)))

    async def do(self, operation: str) -> Any:
        """The operation with an amount that the status would leave for it."""
        known = await self.get()
        captured, refunded = (
            sum(event.get("amount", 0) for event in known["events"] if event["event"] == name)
            for name in ("CAPTURE", "REFUND")
        )
        left, kept = known["amount"] - captured or WHOLE, captured - refunded or WHOLE
        raised = [{"line_id": "1", "amount": WHOLE + 200}]
        verb, body = {
            "capture": ("capture", {"amount": left}),
            "partial capture": ("capture", {"amount": 1}),
            "final capture": ("capture", {"amount": 1, "final_capture": True}),
            "refund": ("refund", {"amount": kept}),
            "partial refund": ("refund", {"amount": 1}),
            "void": ("void", None),
            "update": ("authorization", {"amount": WHOLE + 200, "items": raised}),
        }[operation]
        return await self.shop.post(f"{self.path}/{verb}", body)

    async def traces(self) -> tuple[Any, ...]:
        """All that an operation could leave behind: the log, postings, movements and questions."""

        async def run(connection: Any) -> tuple[Any, ...]:
            row = await connection.fetchrow(
                "select (select count(*) from log where account_id = $1), (select count(*) from postings where "
                "account_id = $1), (select count(*) from sandbox.movements where account_id = $1), "
                "(select count(*) from tasks where account_id = $1 and kind = 'checkout.ask_provider')",
                self.shop.account_id,
            )
            return tuple(row)

        found: tuple[Any, ...] = await self.server.store._lines.run(run)
        return found


@pytest.fixture
def payment(shop: Any, http: Any, server: Any, body: Body) -> Payment:
    configuration = {
        "dintero_psp": {"creditcard": {"enabled": True}}, "payex": {"creditcard": {"enabled": True}},
        "collector": {"invoice": {"enabled": True, "options": {"enable_on_hold": True}}}, "pre_authorization": True,
    }  # fmt: skip
    return Payment(shop, http, server, body(configuration=configuration))


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("status", CELLS)
async def test_each_cell(payment: Payment, status: str, operation: str) -> None:
    await payment.bring_to(status)
    leads_to = CELLS[status][OPERATIONS.index(operation)]
    before, traces = await payment.get(), await payment.traces()
    answer = await payment.do(operation)
    if leads_to == NO:
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["code"] == "INVALID_OPERATION"
        assert (await payment.get(), await payment.traces()) == (before, traces)
    else:
        assert (answer.status_code, answer.json()["status"]) == (200, leads_to), answer.text
        assert answer.json()["events"][: len(before["events"])] == before["events"]
        assert answer.json()["events"][-1]["transaction_status"] == leads_to
        assert answer.json() == await payment.get()


@pytest.mark.parametrize(
    ("status", "leads_to"),
    [("PARTIALLY_CAPTURED", "CAPTURED"), ("PARTIALLY_CAPTURED_REFUNDED", "PARTIALLY_REFUNDED")],
)
async def test_the_remainder_is_voided_where_the_product_can(payment: Payment, status: str, leads_to: str) -> None:
    await payment.pay(product="payex.creditcard")
    for verb, amount in WAY[status]:
        await payment.shop.post(f"{payment.path}/{verb}", {"amount": amount})
    voided = await payment.shop.post(f"{payment.path}/void")
    assert (voided.status_code, voided.json()["status"]) == (200, leads_to)
    assert (voided.json()["events"][-1]["event"], voided.json()["events"][-1]["amount"]) == ("VOID", WHOLE - PART)
    final = await payment.shop.post(f"{payment.path}/capture", {"amount": 1})
    assert final.status_code == 400


async def test_a_product_without_final_capture_refuses_one_that_leaves_something(payment: Payment) -> None:
    await payment.pay(product="payex.creditcard")
    traces = await payment.traces()
    refused = await payment.do("final capture")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "INVALID_OPERATION")
    assert await payment.traces() == traces
    whole = await payment.shop.post(f"{payment.path}/capture", {"amount": WHOLE, "final_capture": True})
    assert (whole.status_code, whole.json()["status"]) == (200, "CAPTURED")


async def test_a_capture_of_a_payment_on_hold_is_refused_in_plain_words(payment: Payment) -> None:
    await payment.bring_to("ON_HOLD")
    refused = await payment.do("capture")
    assert "ON_HOLD cannot be captured before its payment was reviewed" in refused.json()["error"]["message"]


@pytest.mark.parametrize("verb", ["capture", "refund"])
async def test_more_than_is_left_is_refused_and_says_what_is(payment: Payment, verb: str) -> None:
    await payment.bring_to("PARTIALLY_CAPTURED")
    left = {"capture": WHOLE - PART, "refund": PART}[verb]
    traces = await payment.traces()
    refused = await payment.shop.post(f"{payment.path}/{verb}", {"amount": left + 1})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "AMOUNT_EXCEEDS_REMAINING")
    (fault,) = refused.json()["error"]["errors"]
    assert (fault["path"], fault["details"]) == ("amount", {"amount": left + 1, "remaining": left})
    assert await payment.traces() == traces


UNDER_WAY = {
    "capture": ("capture", "partial capture", "final capture", "void", "update"),
    "partial capture": ("capture", "final capture", "void", "update"),
    "void": ("capture", "partial capture", "final capture", "void", "update"),
    "update": ("capture", "partial capture", "final capture", "void", "update"),
    "refund": ("refund", "partial refund"),
}
"""What has to wait while another operation is under way."""


@pytest.mark.parametrize("first", UNDER_WAY)
async def test_what_has_to_wait_for_another_operation_is_409_and_may_come_again(payment: Payment, first: str) -> None:
    await payment.bring_to("PARTIALLY_CAPTURED" if first == "refund" else "AUTHORIZED")
    provider = payment.server.app.checkout._desk.providers["sandbox"]
    act, reached, let_go = provider.act, asyncio.Event(), asyncio.Event()

    async def held(ask: Any) -> Outcome:
        reached.set()
        await let_go.wait()
        outcome: Outcome = await act(ask)
        return outcome

    provider.act = held
    under_way = asyncio.create_task(payment.do(first))
    await reached.wait()
    traces = await payment.traces()
    for operation in UNDER_WAY[first]:
        refused = await payment.do(operation)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "CONFLICT"), operation
    assert await payment.traces() == traces
    let_go.set()
    assert (await under_way).status_code == 200
    known = await payment.get()
    again = await payment.do("refund" if known["status"] == "CAPTURED" else "partial capture")
    assert again.status_code == (400 if known["status"] == "AUTHORIZATION_VOIDED" else 200)
