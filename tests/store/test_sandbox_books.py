"""The sandbox provider's books: the first record of an attempt wins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from kvitt.store import Movement, SandboxBooks


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[SandboxBooks]:
    opened = SandboxBooks(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def movement(shelf):
    def make(attempt_id: str, **members) -> Movement:
        base = Movement(shelf.account_id, attempt_id, "pay-1", "capture", 39800, "NOK", "ok", shelf.put("x").columns[3])
        return msgspec.structs.replace(base, **members)

    return make


async def test_the_first_record_of_an_attempt_wins_and_all_get_it(books, movement, shelf):
    first = await books.record(movement("a", amount=1))
    again = await asyncio.gather(*(books.record(movement("a", amount=n)) for n in range(2, 20)))
    assert {first, *again} == {movement("a", amount=1)}
    assert await books.get(shelf.account_id, "a") == movement("a", amount=1)


async def test_many_records_at_once_each_get_their_own(books, movement):
    wanted = [movement(f"a-{n % 150}", amount=n % 150) for n in range(300)]
    assert await asyncio.gather(*(books.record(one) for one in wanted)) == wanted


async def test_two_processes_agree_on_what_an_attempt_did(books, database_url, movement):
    other = SandboxBooks(database_url)
    for n in range(20):
        one, two = await asyncio.gather(
            books.record(movement(f"a-{n}", outcome="ok")), other.record(movement(f"a-{n}", outcome="declined"))
        )
        assert one == two
    await other.close()


async def test_an_attempt_that_is_not_known_is_none(books, shelf):
    assert await books.get(shelf.account_id, "nothing") is None


async def test_the_movements_of_a_payment_come_in_their_order(books, movement, shelf):
    for n, verb in enumerate(("authorize", "capture", "refund")):
        await books.record(movement(f"{9 - n}", verb=verb, created_at=movement("x").created_at.replace(minute=n)))
    await books.record(movement("other", payment_id="pay-2"))
    assert [one.verb for one in await books.of_payment(shelf.account_id, "pay-1")] == ["authorize", "capture", "refund"]


async def test_a_movement_that_cannot_be_stored_fails_alone(books, movement):
    results = await asyncio.gather(
        *(books.record(movement(f"a-{n}" if n != 4 else "nul\0")) for n in range(9)), return_exceptions=True
    )
    assert [n for n, result in enumerate(results) if isinstance(result, ValueError)] == [4]


async def test_books_survive_the_loss_of_their_connection(books, movement, raw, shelf):
    for n in range(5):
        await books.record(movement(f"a-{n}"))
        await raw.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where application_name = 'kvitt sandbox' and pid <> pg_backend_pid()"
        )
    assert len(await books.of_payment(shelf.account_id, "pay-1")) == 5
