"""The sandbox's books hold what an acquirer's hold: nothing beyond what was authorized, nothing after its end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
import pytest

from kvitt.store import Believed, Movement, NoticePlan, SandboxBooks

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENDS = NOW + timedelta(days=7)

Move = Callable[..., Awaitable[str]]


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[SandboxBooks]:
    opened = SandboxBooks(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def move(books: SandboxBooks, account_id: str) -> Move:
    """Records a movement of a payment; answers what became of it."""
    count = iter(range(1000))

    async def record(
        verb: str,
        amount: int = 100,
        at: datetime = NOW,
        payment: str = "pay-1",
        outcome: str = "done",
        final: bool = False,
        within: SandboxBooks = books,
        ends: datetime | None = None,
    ) -> str:
        ends = ENDS if verb == "authorize" else ends
        movement = Movement(
            account_id, f"attempt-{next(count)}", payment, verb, amount, "NOK", outcome, at, "{}", final, ends
        )
        stands = await within.record(movement)
        assert stands == await within.get(account_id, movement.attempt_id)
        refusal = msgspec.json.decode(stands.data).get("refusal")
        assert (refusal is not None) == (stands.outcome != outcome)
        return refusal or stands.outcome

    return record


@pytest.fixture
def sums(books: SandboxBooks, account_id: str) -> Callable[[], Awaitable[list[tuple[int, ...]]]]:
    """Authorized, captured, refunded, voided of each payment."""

    async def read() -> list[tuple[int, ...]]:
        return [(b.authorized, b.captured, b.refunded, b.voided) async for b in books.believed(account_id)]

    return read


async def test_never_more_is_captured_than_authorized(move, sums) -> None:
    await move("authorize", 100)
    assert [await move("capture", 60), await move("capture", 41), await move("capture", 40)] == [
        "done", "amount", "done",
    ]  # fmt: skip
    assert await sums() == [(100, 100, 0, 0)]


async def test_never_more_is_refunded_than_captured(move, sums) -> None:
    await move("authorize", 100)
    await move("capture", 50)
    assert [await move("refund", 51), await move("refund", 50), await move("refund", 1)] == ["amount", "done", "amount"]
    assert await sums() == [(100, 50, 50, 0)]


async def test_nothing_is_captured_after_a_void(move, sums) -> None:
    await move("authorize", 100)
    assert [await move("void", 100), await move("capture", 1), await move("void", 1)] == ["done", "amount", "amount"]
    assert await sums() == [(100, 0, 0, 100)]


async def test_a_final_capture_voids_the_rest(move, sums) -> None:
    await move("authorize", 100)
    assert [await move("capture", 30, final=True), await move("capture", 1)] == ["done", "amount"]
    assert await sums() == [(100, 30, 0, 70)]


async def test_nothing_is_captured_or_voided_after_the_authorization_ended_but_refunds_go_on(move, sums) -> None:
    await move("authorize", 100)
    assert await move("capture", 40, at=ENDS - timedelta(milliseconds=1)) == "done"
    assert [await move("capture", 1, at=ENDS), await move("void", 60, at=ENDS)] == ["expired", "expired"]
    assert await move("refund", 40, at=ENDS + timedelta(days=300)) == "done"
    assert await sums() == [(100, 40, 40, 0)]


async def test_an_authorization_changes_to_what_was_captured_at_the_least(move, sums) -> None:
    assert await move("adjust", 100) == "unknown"
    await move("authorize", 100)
    assert [await move("adjust", 150), await move("capture", 120), await move("adjust", 119)] == [
        "done", "done", "amount",
    ]  # fmt: skip
    assert [await move("adjust", 130), await move("capture", 11), await move("void", 10)] == ["done", "amount", "done"]
    assert await move("adjust", 200) == "amount"  # nothing of it is left that could be more
    assert await sums() == [(130, 120, 0, 10)]


async def test_an_authorization_that_was_made_to_hold_for_longer_ends_later(move, sums) -> None:
    await move("authorize", 100)
    assert await move("adjust", 100, at=ENDS - timedelta(days=1), ends=ENDS + timedelta(days=6)) == "done"
    assert await move("adjust", 120, at=ENDS) == "done"  # another amount leaves the end as it is
    assert await move("capture", 60, at=ENDS + timedelta(days=5)) == "done"
    for verb in ("capture", "adjust"):
        assert await move(verb, 60, at=ENDS + timedelta(days=6), ends=ENDS + timedelta(days=99)) == "expired"
    assert await sums() == [(120, 60, 0, 0)]


async def test_what_did_not_happen_counts_for_nothing(move, sums) -> None:
    for outcome in ("refused", "lost", "fenced"):
        await move("authorize", 100, outcome=outcome)
        await move("capture", 100, outcome=outcome)
    assert await sums() == []
    assert await move("capture", 1) == "unknown"
    await move("authorize", 100)
    for outcome in ("refused", "lost", "fenced"):
        await move("capture", 100, outcome=outcome)
    assert await sums() == [(100, 0, 0, 0)]


async def test_an_attempt_that_is_repeated_counts_once(books, move, sums, account_id) -> None:
    await move("authorize", 100)
    capture = Movement(account_id, "again", "pay-1", "capture", 30, "NOK", "done", NOW)
    await asyncio.gather(*(books.record(capture) for _ in range(5)))
    await books.record(capture)
    assert await sums() == [(100, 30, 0, 0)]


async def test_of_200_captures_of_a_hundredth_by_two_servers_exactly_100_happen(
    move, sums, books, database_url
) -> None:
    await move("authorize", 10_000)
    other = SandboxBooks(database_url)
    came = await asyncio.gather(*(move("capture", 100, within=(books, other)[n % 2]) for n in range(200)))
    await other.close()
    assert sorted(came) == ["amount"] * 100 + ["done"] * 100
    assert await sums() == [(10_000, 10_000, 0, 0)]


async def test_two_servers_with_many_payments_at_once_never_wait_for_each_other(
    move, sums, books, database_url
) -> None:
    other = SandboxBooks(database_url)
    payments = [f"pay-{n}" for n in range(20)]
    await asyncio.gather(*(move("authorize", 100, payment=payment) for payment in payments))
    wanted = [(payment, n) for payment in payments for n in range(10)]
    random.Random(3).shuffle(wanted)  # noqa: S311
    came = await asyncio.gather(
        *(move("capture", 10, payment=payment, within=(books, other)[n % 2]) for payment, n in wanted)
    )
    await other.close()
    assert set(came) == {"done"}
    assert await sums() == [(100, 100, 0, 0)] * 20


async def test_a_payment_recorded_by_the_release_before_gets_its_sums_from_its_movements(
    move, sums, account_id, database_url
) -> None:
    await recorded_before(database_url, account_id, ("authorize", 100), ("capture", 70), ("refund", 20))
    assert [await move("capture", 31), await move("capture", 30), await move("refund", 81)] == [
        "amount", "done", "amount",
    ]  # fmt: skip
    assert await sums() == [(100, 100, 20, 0)]


async def test_captures_that_come_together_to_such_a_payment_count_once_each(
    move, sums, account_id, database_url
) -> None:
    await recorded_before(database_url, account_id, ("authorize", 100), ("capture", 20))
    assert await asyncio.gather(*(move("capture", 20) for _ in range(4))) == ["done"] * 4
    assert await sums() == [(100, 100, 0, 0)]


async def recorded_before(database_url: str, account_id: str, *movements: tuple[str, int]) -> None:
    """What a server of the release before wrote of pay-1: movements without sums."""
    connection = await asyncpg.connect(database_url)
    try:
        for number, (verb, amount) in enumerate(movements):
            await connection.execute(
                "insert into sandbox.movements (account_id, attempt_id, payment_id, verb, amount, currency, outcome, "
                "created_at, data) values ($1, $2, 'pay-1', $3, $4, 'NOK', 'done', $5, '{}')",
                account_id, f"before-{number}", verb, amount, NOW,
            )  # fmt: skip
    finally:
        await connection.close()


async def test_all_payments_of_an_account_come_page_by_page_in_their_order(books, account_id, monkeypatch) -> None:
    monkeypatch.setattr("kvitt.store.sandbox_books.BELIEVED_AT_ONCE", 7)
    payments = [f"pay-{n:02}" for n in range(21)]
    await asyncio.gather(
        *(
            books.record(Movement(account_id, f"a-{payment}", payment, "authorize", 5, "NOK", "done", NOW))
            for payment in reversed(payments)
        )
    )
    believed = [each async for each in books.believed(account_id)]
    assert [each.payment_id for each in believed] == payments
    assert believed[0] == Believed(account_id, "pay-00", "NOK", 5, 0, 0, 0, None)


async def test_notices_are_owed_with_the_movement_that_is_new_and_never_again(books, account_id) -> None:
    movement = Movement(account_id, "a", "pay-1", "authorize", 5, "NOK", "done", NOW)
    for _ in range(2):
        await books.record(movement, [NoticePlan(NOW), NoticePlan(NOW)])
    taken = [
        notice
        for notice in await books.notices.take(datetime.now(UTC), 1000, timedelta(minutes=1), {})
        if notice.account_id == account_id
    ]
    assert [(notice.attempt_id, notice.number) for notice in sorted(taken, key=lambda n: n.number)] == [
        ("a", 0), ("a", 1),
    ]  # fmt: skip
    for notice in taken:
        await books.notices.sent(notice, NOW)
    assert not await books.untold(account_id, "a")
