"""Getting a token, and what is not one."""

from __future__ import annotations

import asyncio
import base64
import json
import time

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, OKPKey

from kvitt.accounts import tokens
from kvitt.accounts.flows import Accounts
from kvitt.accounts.guard import FAILURES
from kvitt.accounts.verified import Verified
from kvitt.core.errors import Unauthorized
from kvitt.store import Store

from .conftest import URL, Clock, Keys

EDDSA = tokens._REGISTRY


async def test_a_client_gets_a_bearer_token_for_four_hours(keys: Keys) -> None:
    answer = await keys.ask()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in"}
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 14400)


async def test_the_published_keys_alone_verify_a_token(keys: Keys, http: httpx.AsyncClient) -> None:
    token = await keys.token()
    jwks = (await http.get("/.well-known/jwks.json")).json()
    assert all("d" not in key for key in jwks["keys"])
    decoded = jwt.decode(token, KeySet.import_key_set(jwks), registry=EDDSA)
    assert decoded.header["alg"] == "EdDSA"
    claims = decoded.claims
    assert claims["iss"] == URL
    assert claims["aud"] == f"https://api.example.com/v1/accounts/{keys.account_id}"
    assert claims["azp"] == keys.client_id
    assert claims["account_id"] == keys.account_id
    assert claims["scope"] == "admin:accounts admin:shopping"
    assert claims["exp"] - claims["iat"] == 14400
    assert {"sub", "jti"} <= set(claims)


async def test_a_form_is_accepted_too(keys: Keys) -> None:
    answer = await keys.http.post(
        f"/v1/accounts/{keys.account_id}/auth/token",
        data={"grant_type": "client_credentials", "audience": f"https://x/v1/accounts/{keys.account_id}"},
        auth=(keys.client_id, keys.secret),
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"grant_type": "password"}, "grant_type"),
        ({"grant_type": ""}, "grant_type"),
        ({"audience": "https://x/v1/accounts/T00000000"}, "audience"),
        ({"audience": "api.example.com"}, "audience"),
        ({"audience": 1}, "audience"),
    ],
)
async def test_another_grant_or_audience_is_400_naming_it(keys: Keys, changes: dict[str, object], path: str) -> None:
    answer = await keys.ask(**changes)
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["path"] == path


async def test_wrong_credentials_are_401_in_the_same_words_whatever_was_wrong(keys: Keys) -> None:
    answers = [
        await keys.ask(auth=(keys.client_id, "wrong")),
        await keys.ask(auth=("nobody", keys.secret)),
        await keys.ask(auth=("no\0body", keys.secret)),
        await keys.ask(auth=("", "")),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].headers["www-authenticate"].startswith("Basic ")


async def test_a_bearer_token_or_nothing_is_not_a_login(keys: Keys) -> None:
    path = f"/v1/accounts/{keys.account_id}/auth/token"
    body = {"grant_type": "client_credentials", "audience": f"https://x/v1/accounts/{keys.account_id}"}
    for headers in ({}, {"authorization": f"Bearer {await keys.token()}"}, {"authorization": "Basic %%%"}):
        assert (await keys.http.post(path, json=body, headers=headers)).status_code == 401


async def test_the_keys_of_one_account_do_not_open_another(keys: Keys, accounts: Accounts) -> None:
    other = f"T{(int(keys.account_id[1:]) + 50_000_000) % 100_000_000:08d}"
    await accounts.create_account(other, "Another")
    answer = await Keys(other, keys.client_id, keys.secret, keys.http).ask()
    assert answer.status_code == 401


async def test_guessing_is_answered_429_and_never_locks_out_the_right_secret(keys: Keys) -> None:
    for _ in range(FAILURES):
        assert (await keys.ask(auth=(keys.client_id, "wrong"))).status_code == 401
    slowed = await keys.ask(auth=(keys.client_id, "wrong"))
    assert slowed.status_code == 429
    assert int(slowed.headers["retry-after"]) >= 1
    assert slowed.json()["error"]["code"] == "TOO_MANY_REQUESTS"
    assert (await keys.ask()).status_code == 200


async def test_a_token_says_who_calls(keys: Keys, accounts: Accounts) -> None:
    caller = await accounts.authenticate(await keys.token())
    assert caller.account_id == keys.account_id
    assert caller.client_id == keys.client_id
    assert caller.scopes == {"admin:accounts", "admin:shopping"}


async def test_a_token_ends_when_it_says_remembered_or_not(keys: Keys, accounts: Accounts, clock: Clock) -> None:
    remembered, fresh = await keys.token(), await keys.token()
    await accounts.authenticate(remembered)
    clock.move(seconds=14399)
    await accounts.authenticate(remembered)
    clock.move(seconds=1)
    for token in (remembered, fresh):
        with pytest.raises(Unauthorized, match="expired"):
            await accounts.authenticate(token)


async def refused(accounts: Accounts, token: str) -> bool:
    try:
        await accounts.authenticate(token)
    except Unauthorized:
        return True
    return False


def b64(data: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


async def test_forged_tokens_are_refused(keys: Keys, accounts: Accounts, http: httpx.AsyncClient) -> None:
    token = await keys.token()
    header, payload, signature = token.split(".")
    kid = json.loads(base64.urlsafe_b64decode(header + "=="))["kid"]
    public = (await http.get("/.well-known/jwks.json")).json()["keys"][0]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    stranger = OKPKey.generate_key("Ed25519")
    forged = {
        "none": f"{b64({'alg': 'none', 'kid': kid})}.{payload}.",
        "none signed": f"{b64({'alg': 'none', 'kid': kid})}.{payload}.{signature}",
        "no signature": f"{header}.{payload}.",
        "other claims": f"{header}.{b64({**claims, 'scope': 'admin:checkout'})}.{signature}",
        "other key, our kid": jwt.encode({"alg": "EdDSA", "kid": kid}, claims, stranger, registry=EDDSA),
        "other key, own kid": jwt.encode({"alg": "EdDSA", "kid": "mine"}, claims, stranger, registry=EDDSA),
        "no kid": jwt.encode({"alg": "EdDSA"}, claims, stranger, registry=EDDSA),
        "our public key as HMAC secret": jwt.encode(
            {"alg": "HS256", "kid": kid}, claims, OctKey.import_key(public["x"]), algorithms=["HS256"]
        ),
        "embedded key": jwt.encode(
            {"alg": "EdDSA", "kid": kid, "jwk": stranger.as_dict(private=False)}, claims, stranger, registry=EDDSA
        ),
        "kid of another kind": f"{b64({'alg': 'EdDSA', 'kid': ['x']})}.{payload}.{signature}",
        "five parts": f"{token}.a.b",
        "garbage": "a.b.c",
        "dots": "..",
        "json": "{}",
    }
    for name, attack in forged.items():
        assert await refused(accounts, attack), name


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "https://x/v1/accounts/T00000000"},
        {"aud": ["https://x/v1/accounts/T00000000"]},
        {"account_id": "T00000000"},
        {"iat": "future"},
        {"exp": 0},
        {"exp": "never"},
        {"scope": None},
    ],
)
async def test_well_signed_tokens_with_wrong_claims_are_refused(
    keys: Keys, accounts: Accounts, clock: Clock, changes: dict[str, object]
) -> None:
    if changes.get("iat") == "future":
        changes = {"iat": int(clock().timestamp()) + 3600}
    kid, key = await accounts.keys.signing()
    payload = (await keys.token()).split(".")[1]
    claims = {**json.loads(base64.urlsafe_b64decode(payload + "==")), **changes}
    with pytest.raises(Unauthorized):
        await accounts.authenticate(jwt.encode({"alg": "EdDSA", "kid": kid}, claims, key, registry=EDDSA))


async def test_rotated_keys_sign_new_tokens_and_old_tokens_stay_good(
    keys: Keys, accounts: Accounts, http: httpx.AsyncClient
) -> None:
    old = await keys.token()
    kid = await accounts.rotate_keys()
    new = await keys.token()
    assert tokens.key_id(new) == kid != tokens.key_id(old)
    published = [key["kid"] for key in (await http.get("/.well-known/jwks.json")).json()["keys"]]
    assert published[0] == kid
    assert tokens.key_id(old) in published
    for token in (old, new):
        await accounts.authenticate(token)


async def test_another_process_learns_of_a_new_key_from_the_first_token_that_names_it(
    keys: Keys, accounts: Accounts, store: Store, clock: Clock
) -> None:
    elsewhere = Accounts(store, clock, URL)
    await elsewhere.authenticate(await keys.token())
    await accounts.rotate_keys()
    token = await keys.token()
    await asyncio.sleep(1.05)  # unknown keys cause one read a second
    await elsewhere.authenticate(token)


async def test_garbage_kids_do_not_reach_the_database_each_time(accounts: Accounts, keys: Keys) -> None:
    stranger = OKPKey.generate_key("Ed25519")
    read_at = accounts.keys._read_at
    reads = 0
    for number in range(50):
        forged = jwt.encode({"alg": "EdDSA", "kid": f"garbage-{number}"}, {}, stranger, registry=EDDSA)
        with pytest.raises(Unauthorized):
            await accounts.authenticate(forged)
        if accounts.keys._read_at != read_at:
            reads, read_at = reads + 1, accounts.keys._read_at
    assert reads <= 2


async def test_processes_that_start_together_agree_on_the_first_key(store: Store, clock: Clock) -> None:
    everybody = [Accounts(store, clock, URL) for _ in range(8)]
    kids = await asyncio.gather(*(accounts.keys.signing() for accounts in everybody))
    assert len({kid for kid, _ in kids}) == 1


async def test_what_is_remembered_of_tokens_is_bounded(keys: Keys, accounts: Accounts, clock: Clock) -> None:
    verified = Verified(accounts.keys, clock, URL, limit=3)
    for _ in range(6):
        await verified.caller(await keys.token())
    assert len(verified) == 3


async def test_remembered_tokens_are_forgotten_when_the_keys_change(
    keys: Keys, accounts: Accounts, clock: Clock
) -> None:
    verified = Verified(accounts.keys, clock, URL)
    token = await keys.token()
    await verified.caller(token)
    await accounts.rotate_keys()
    clock.move(seconds=1)
    await verified.caller(token)
    assert len(verified) == 1


async def test_a_remembered_token_costs_microseconds(keys: Keys, accounts: Accounts) -> None:
    token = await keys.token()
    await accounts.authenticate(token)
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(200):
            await accounts.authenticate(token)
        best = min(best, (time.perf_counter() - began) / 200)
    assert best < 50e-6
