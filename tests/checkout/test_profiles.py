"""Payment profiles over HTTP: made, read, replaced, deleted; and what sessions take from them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests_support import Server, Shop

PATH = "/v1/admin/session/profiles"
CARD = {"dintero_psp": {"creditcard": {"enabled": True}}}


def profile(**changes: Any) -> dict[str, Any]:
    return {"name": "Market", "configuration": CARD, **changes}


async def made(shop: Shop, **changes: Any) -> dict[str, Any]:
    answer = await shop.post(PATH, profile(**changes))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_profile_is_made_and_found_by_its_id(shop: Shop) -> None:
    whole = profile(
        description="What we sell at the market",
        merchant={"name": "Stol & Bord", "website": "https://shop.example"},
        url={"merchant_terms_url": "https://shop.example/terms"},
        configuration={
            **CARD,
            "default_payment_type": "dintero_psp.creditcard",
            "theme": {"backdrop": "#fff", "primary": "rgb(10, 92, 216)", "cardRadius": "8px", "buttonRadius": "0"},
            "countries": {"preferred_country": "NO", "allow_countries": ["NO", "SE"]},
        },
    )
    found = (await shop.post(PATH, whole)).json()
    assert {name: found[name] for name in whole} == whole
    assert found["id"] == found["profile_id"]
    assert found["id"].startswith(f"{shop.account_id}.")
    assert found["version"] == 1
    assert found["created_at"] == found["updated_at"]
    assert (await shop.get(f"{PATH}/{found['id']}")).json() == found


async def test_the_default_profile_comes_first_and_is_found_by_both_its_names(shop: Shop) -> None:
    later = [await made(shop, name=name) for name in ("b", "a")]
    first, *others = (await shop.get(PATH)).json()
    assert (first["profile_id"], first["version"]) == ("default", 1)
    assert others == later
    for name in ("default", first["id"]):
        assert (await shop.get(f"{PATH}/{name}")).json() == first


async def test_sessions_name_a_profile_by_the_name_it_was_given(
    shop: Shop, body: Callable[..., dict[str, Any]]
) -> None:
    terms = {"merchant_terms_url": "https://shop.example/terms"}
    await made(shop, profile_id="market.oslo", url=terms, merchant={"name": "Market"})
    created = await shop.post("/v1/sessions-profile?include_session=true", body(profile_id="market.oslo"))
    session = created.json()["session"]
    assert session["configuration"] == CARD
    assert session["metadata"]["session:profile_id"] == "market.oslo"
    assert session["merchant"] == {"name": "Market"}
    assert session["url"]["merchant_terms_url"] == terms["merchant_terms_url"]


async def test_an_id_that_the_account_has_elsewhere_can_be_kept(shop: Shop) -> None:
    """A shop that moves here goes on with the profile id that its plug-in knows."""
    moved = f"{shop.account_id}.4XopX7PCwvdZzWxu5anRmd"
    assert (await made(shop, profile_id=moved))["id"] == moved
    refused = await shop.post(PATH, profile(profile_id="T00000001.4XopX7PCwvdZzWxu5anRmd"))
    assert code(refused) == (400, "INVALID_REQUEST_PARAMETER")
    assert refused.json()["error"]["errors"][0]["path"] == "profile_id"


@pytest.mark.parametrize("name", ["", "..", ".a", "a/b", "a b", "å", "a\n", "a" * 65])
async def test_a_name_stands_in_a_path(shop: Shop, name: str) -> None:
    refused = await shop.post(PATH, profile(profile_id=name))
    assert code(refused) == (400, "INVALID_REQUEST_PARAMETER")
    assert refused.json()["error"]["errors"][0]["path"] == "profile_id"


async def test_a_name_is_taken_once(shop: Shop) -> None:
    await made(shop, profile_id="market")
    default_id = (await shop.get(f"{PATH}/default")).json()["id"]
    for taken in ("market", "default", default_id):
        assert code(await shop.post(PATH, profile(profile_id=taken))) == (409, "CONFLICT")
    answers = await asyncio.gather(*(shop.post(PATH, profile(profile_id="two")) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_live_account_makes_its_default_profile_itself(server: Server, account_id: str) -> None:
    async with server.shop(f"P{account_id[1:]}", scopes=["admin:checkout"]) as shop:
        assert (await shop.get(PATH)).json() == []
        found = await made(shop, profile_id="default", description="Default payment profile")
        assert (found["profile_id"], found["id"][:10]) == ("default", f"{shop.account_id}.")
        assert (await shop.get(f"{PATH}/default")).json() == found


async def test_an_update_replaces_all_that_was_said_and_keeps_who_it_is(shop: Shop) -> None:
    before = await made(shop, profile_id="market", description="Old", merchant={"name": "Old"})
    sent = {"profile_id": "market", "configuration": {"payex": {"swish": {"enabled": True}, "later": {"a": 1}}}}
    after = (await shop.put(f"{PATH}/market", sent)).json()
    kept = {name: before[name] for name in ("id", "profile_id", "created_at")}
    changed = {"updated_at": after["updated_at"], "version": 2}
    assert after == kept | changed | {"configuration": sent["configuration"]}
    assert (await shop.get(f"{PATH}/market")).json() == after


async def test_an_update_may_name_the_version_that_was_read(shop: Shop) -> None:
    path = f"{PATH}/{(await made(shop))['id']}"
    assert (await shop.put(path, profile(version=1))).status_code == 200
    stale = await shop.put(path, profile(), headers={"If-Match": '"1"'})
    assert code(stale) == (409, "STALE_VERSION")
    assert stale.json()["error"]["errors"][0]["details"] == {"requested": 1, "version": 2}
    assert (await shop.put(path, profile(), headers={"If-Match": '"2"'})).json()["version"] == 3
    assert code(await shop.http.delete(path, headers={"If-Match": '"2"'})) == (409, "STALE_VERSION")
    at_once = await asyncio.gather(*(shop.put(path, profile(version=3)) for _ in range(2)))
    assert sorted(answer.status_code for answer in at_once) == [200, 409]


async def test_an_update_cannot_rename(shop: Shop) -> None:
    path = f"{PATH}/{(await made(shop))['id']}"
    refused = await shop.put(path, profile(profile_id="other"))
    assert refused.json()["error"]["errors"][0]["path"] == "profile_id"
    default = (await shop.get(f"{PATH}/default")).json()
    for name in ("default", default["id"]):
        assert (await shop.put(f"{PATH}/default", profile(profile_id=name))).json()["profile_id"] == "default"


async def test_a_deleted_profile_is_gone_and_its_sessions_live_on(
    shop: Shop, http: Any, body: Callable[..., dict[str, Any]]
) -> None:
    await made(shop, profile_id="market")
    session_id = (await shop.post("/v1/sessions-profile", body(profile_id="market"))).json()["id"]
    gone = await shop.http.delete(f"{PATH}/market")
    assert gone.json()["deleted_at"]
    assert gone.json()["version"] == 2
    for answer in (
        await shop.get(f"{PATH}/market"),
        await shop.put(f"{PATH}/market", profile()),
        await shop.http.delete(f"{PATH}/market"),
    ):
        assert code(answer) == (404, "NOT_FOUND")
    assert [each["profile_id"] for each in (await shop.get(PATH)).json()] == ["default"]
    refused = await shop.post("/v1/sessions-profile", body(profile_id="market"))
    assert refused.json()["error"]["errors"][0]["path"] == "profile_id"
    card = {"number": "4000000000000002", "expiry": "12/34", "cvc": "123"}
    paying = {"payment_product_type": "dintero_psp.creditcard", "card": card}
    assert (await http.post(f"/v1/sessions/{session_id}/pay", json=paying)).status_code == 200
    assert (await made(shop, profile_id="market"))["version"] == 3


async def test_the_default_profile_stays(shop: Shop) -> None:
    default_id = (await shop.get(f"{PATH}/default")).json()["id"]
    for name in ("default", default_id):
        assert code(await shop.http.delete(f"{PATH}/{name}")) == (400, "INVALID_OPERATION")


async def test_an_account_has_at_most_a_hundred_beside_the_default_one(shop: Shop) -> None:
    answers = await asyncio.gather(*(shop.post(PATH, profile()) for _ in range(105)))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(200), statuses.count(400)) == (100, 5)
    listed = (await shop.get(PATH)).json()
    assert len(listed) == 101
    assert (await shop.http.delete(f"{PATH}/{listed[-1]['id']}")).status_code == 200
    assert (await shop.post(PATH, profile())).status_code == 200
    assert code(await shop.post(PATH, profile())) == (400, "INVALID_OPERATION")


async def test_what_happens_to_profiles_is_in_the_log(shop: Shop, server: Server) -> None:
    profiles = [await made(shop, profile_id="market")]
    profiles.append((await shop.put(f"{PATH}/market", profile(name="New"))).json())
    profiles.append((await shop.http.delete(f"{PATH}/market")).json())
    told, _ = await server.store.feed(shop.account_id, None, 100)
    found = [event for event in told if event.object_type == "profile"]
    assert [event.type for event in found] == ["profile.created", "profile.updated", "profile.deleted"]
    assert [event.version for event in found] == [1, 2, 3]
    for event, shown in zip(found, profiles, strict=True):
        assert event.object_id == "market"
        assert json.loads(event.data) == shown


SCOPES = {
    "admin:checkout": (200, 200, 200),
    "write:checkout": (200, 200, 200),
    "read:checkout": (200, 403, 403),
    "write:checkout:/admin/session/profiles": (200, 200, 200),
    "read:checkout:/admin/session/profiles": (200, 403, 403),
    "write:checkout:/sessions": (403, 403, 403),
    "admin:shopping": (403, 403, 403),
}


@pytest.mark.parametrize("scope", SCOPES)
async def test_who_may_read_and_write_profiles(server: Server, account_id: str, scope: str) -> None:
    async with server.shop(account_id, scopes=[scope]) as shop:
        found = (
            (await shop.get(f"{PATH}/default")).status_code,
            (await shop.post(PATH, profile(profile_id="market"))).status_code,
            (await shop.put(f"{PATH}/default", profile())).status_code,
        )
        deleted = (await shop.http.delete(f"{PATH}/market")).status_code
    assert found == SCOPES[scope]
    assert deleted == found[2]


async def test_another_accounts_profile_is_not_there(shop: Shop, server: Server, account_id: str) -> None:
    mine = (await made(shop))["id"]
    async with server.shop(f"P{account_id[1:]}", scopes=["admin:checkout"]) as other:
        for answer in (
            await other.get(f"{PATH}/{mine}"),
            await other.put(f"{PATH}/{mine}", profile()),
            await other.http.delete(f"{PATH}/{mine}"),
        ):
            assert code(answer) == (404, "NOT_FOUND")
