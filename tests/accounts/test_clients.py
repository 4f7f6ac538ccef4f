"""Accounts and their clients: through the front door and from the command line's side."""

from __future__ import annotations

import re

import httpx
import pytest

from kvitt.accounts.flows import Accounts
from kvitt.core.errors import Conflicting, InvalidRequest, NotFound
from kvitt.store import Store

from .conftest import URL, Clock, Keys


async def test_an_account_is_created_once(accounts: Accounts, account_id: str) -> None:
    account = await accounts.create_account(account_id, " Stol & Bord AS ")
    assert (account.id, account.name) == (account_id, "Stol & Bord AS")
    assert await accounts.account(account_id) == account
    with pytest.raises(Conflicting, match="exists already"):
        await accounts.create_account(account_id, "Again")


@pytest.mark.parametrize(
    "account_id", ["", "X12345678", "T1234567", "T123456789", "t12345678", "T1234567\n", "T١٢٣٤٥٦٧٨"]
)
async def test_an_account_id_is_t_or_p_and_eight_digits(accounts: Accounts, account_id: str) -> None:
    with pytest.raises(InvalidRequest):
        await accounts.create_account(account_id, "Shop")


async def test_a_new_test_account_is_told_about_and_a_live_one_is_not(
    store: Store, clock: Clock, account_id: str
) -> None:
    told: list[str] = []

    async def before_create(created: str, name: str) -> None:
        told.append(f"{created} {name}")

    accounts = Accounts(store, clock, URL, before_create=before_create)
    await accounts.create_account(account_id, "Test")
    await accounts.create_account(f"P{account_id[1:]}", "Live")
    assert told == [f"{account_id} Test"]


async def test_keys_for_an_unknown_account_are_refused(accounts: Accounts, account_id: str) -> None:
    with pytest.raises(NotFound):
        await accounts.create_client(account_id, "Shop", ["admin:checkout"])


async def test_a_secret_is_43_characters_and_only_its_hash_is_stored(
    accounts: Accounts, store: Store, account_id: str
) -> None:
    await accounts.create_account(account_id, "Shop")
    client, secret = await accounts.create_client(account_id, "Shop", ["checkout:admin"], "ecom-123")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", secret)
    assert client.client_id == "ecom-123"
    assert client.scopes == ("admin:checkout",)
    events, _ = await store.feed(account_id, None, 10)
    everything = f"{client}{await accounts.clients(account_id)}{events}"
    assert secret not in everything


async def test_a_client_id_is_taken_once_per_account(accounts: Accounts, account_id: str) -> None:
    await accounts.create_account(account_id, "Shop")
    await accounts.create_client(account_id, "Shop", [], "ecom-123")
    with pytest.raises(Conflicting, match="ecom-123 is taken"):
        await accounts.create_client(account_id, "Shop", [], "ecom-123")


async def test_what_happens_to_accounts_and_clients_is_in_the_log(
    accounts: Accounts, store: Store, account_id: str
) -> None:
    await accounts.create_account(account_id, "Shop")
    client, _ = await accounts.create_client(account_id, "Shop", ["admin:checkout"])
    await accounts.delete_client(account_id, client.id)
    events, _ = await store.feed(account_id, None, 10)
    assert [event.type for event in events] == ["account.created", "client.created", "client.deleted"]


async def bearer(keys: Keys) -> dict[str, str]:
    return {"authorization": f"Bearer {await keys.token()}"}


async def test_a_client_is_created_shown_listed_and_deleted_over_http(keys: Keys, http: httpx.AsyncClient) -> None:
    headers = await bearer(keys)
    base = f"/v1/accounts/{keys.account_id}/auth/clients"
    body = {"name": "Till 4", "description": "In the corner", "client_id": "till-4", "scopes": ["write:shopping"]}
    made = await http.post(base, json=body, headers=headers)
    assert made.status_code == 200
    created = made.json()
    secret = created.pop("client_secret")
    assert created["scopes"] == ["write:shopping"]
    assert (await http.get(f"{base}/{created['id']}", headers=headers)).json() == created
    listed = (await http.get(base, headers=headers)).json()["clients"]
    assert {client["client_id"] for client in listed} == {"till-4", keys.client_id}
    assert "secret" not in str(listed)

    till = Keys(keys.account_id, "till-4", secret, http)
    assert (await till.ask()).status_code == 200
    deleted = await http.delete(f"{base}/{created['id']}", headers=headers)
    assert deleted.json()["deleted_at"]
    assert (await till.ask()).status_code == 401
    assert (await http.get(f"{base}/{created['id']}", headers=headers)).status_code == 404
    assert (await http.delete(f"{base}/{created['id']}", headers=headers)).status_code == 404
    assert (await http.post(base, json=body, headers=headers)).status_code == 409


async def test_a_client_cannot_make_keys_that_open_more_than_its_own(keys: Keys, http: httpx.AsyncClient) -> None:
    base = f"/v1/accounts/{keys.account_id}/auth/clients"
    answer = await http.post(base, json={"name": "X", "scopes": ["admin:checkout"]}, headers=await bearer(keys))
    assert answer.status_code == 403
    assert "admin:checkout" in answer.json()["error"]["message"]


async def test_clients_are_made_with_a_scope_for_it_alone(
    keys: Keys, accounts: Accounts, http: httpx.AsyncClient
) -> None:
    client, secret = await accounts.create_client(keys.account_id, "Reader", ["read:accounts"])
    headers = await bearer(Keys(keys.account_id, client.client_id, secret, http))
    base = f"/v1/accounts/{keys.account_id}/auth/clients"
    assert (await http.get(base, headers=headers)).status_code == 200
    assert (await http.post(base, json={"name": "X"}, headers=headers)).status_code == 403
    assert (await http.delete(f"{base}/{client.id}", headers=headers)).status_code == 403


async def test_an_unknown_scope_is_400_over_http(keys: Keys, http: httpx.AsyncClient) -> None:
    base = f"/v1/accounts/{keys.account_id}/auth/clients"
    answer = await http.post(base, json={"name": "X", "scopes": ["root:all"]}, headers=await bearer(keys))
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["path"] == "scopes"
