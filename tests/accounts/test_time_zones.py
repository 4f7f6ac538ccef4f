"""An account's name and time zone, given when it is made and changed later."""

from __future__ import annotations

import pytest

from kvitt.accounts.flows import Accounts
from kvitt.accounts.model import ACCOUNT_ROW, ACCOUNTS, Account
from kvitt.core.change import Change, Put
from kvitt.core.errors import InvalidRequest, NotFound
from kvitt.store import Store

from .conftest import Clock


async def test_an_account_is_in_utc_unless_it_says_otherwise(accounts: Accounts, account_id: str) -> None:
    assert (await accounts.create_account(account_id, "Shop")).time_zone == "UTC"
    other = f"P{account_id[1:]}"
    assert (await accounts.create_account(other, "Shop", "Europe/Oslo")).time_zone == "Europe/Oslo"
    assert await accounts.time_zone_of(account_id) == "UTC"
    assert await accounts.time_zone_of(other) == "Europe/Oslo"


async def test_what_is_changed_is_told_and_the_rest_stays(
    accounts: Accounts, store: Store, clock: Clock, account_id: str
) -> None:
    created = (await accounts.create_account(account_id, "Shop")).created_at
    clock.move(days=1)
    moved = await accounts.update_account(account_id, time_zone="Europe/Oslo")
    assert moved == Account(account_id, "Shop", created, "Europe/Oslo")
    assert await accounts.update_account(account_id, " Stol & Bord ") == Account(
        account_id, "Stol & Bord", created, "Europe/Oslo"
    )
    events, _ = await store.feed(account_id, None, 10)
    assert [event.type for event in events] == ["account.created", "account.updated", "account.updated"]
    assert [event.version for event in events] == [1, 2, 3]
    assert events[1].created_at == clock.now


async def test_the_same_once_more_changes_nothing(accounts: Accounts, store: Store, account_id: str) -> None:
    account = await accounts.create_account(account_id, "Shop")
    assert await accounts.update_account(account_id) == account
    assert await accounts.update_account(account_id, "Shop", "UTC") == account
    events, _ = await store.feed(account_id, None, 10)
    assert len(events) == 1


@pytest.mark.parametrize("time_zone", ["", "Oslo", "Europe/Nowhere", "+02:00"])
async def test_a_zone_that_is_none_is_refused_by_its_name(accounts: Accounts, account_id: str, time_zone: str) -> None:
    with pytest.raises(InvalidRequest, match="is no time zone"):
        await accounts.create_account(account_id, "Shop", time_zone)
    with pytest.raises(NotFound):
        await accounts.account(account_id)
    await accounts.create_account(account_id, "Shop")
    with pytest.raises(InvalidRequest, match=f"'{time_zone}' is no time zone".replace("+", r"\+")):
        await accounts.update_account(account_id, time_zone=time_zone)


async def test_an_empty_name_is_refused_and_so_is_an_account_that_does_not_exist(
    accounts: Accounts, account_id: str
) -> None:
    with pytest.raises(NotFound, match=account_id):
        await accounts.update_account(account_id, "Shop")
    await accounts.create_account(account_id, "Shop")
    with pytest.raises(InvalidRequest, match="name"):
        await accounts.update_account(account_id, " ")


async def test_an_account_that_was_made_before_zones_is_in_utc(
    accounts: Accounts, store: Store, account_id: str
) -> None:
    old = f'{{"id":"{account_id}","name":"Shop","created_at":"2026-01-01T00:00:00Z"}}'
    put = ACCOUNTS.put(account_id, ACCOUNT_ROW, Account(account_id, "Shop", accounts._clock()))
    await store.commit(Change(puts=(Put(put.table, account_id, put.id, 0, old, put.columns),)))
    assert (await accounts.account(account_id)).time_zone == "UTC"
