from __future__ import annotations

from typing import Any

PATH = "/v1/admin/signature"


async def test_a_secret_is_made_shown_once_and_removed(shop: Any) -> None:
    assert (await shop.get(PATH)).status_code == 404
    made = await shop.post(PATH)
    assert made.status_code == 200
    signature = made.json()["signature"]
    assert len(signature["secret"]) == 64
    shown = await shop.get(PATH)
    assert shown.json() == {"signature": {"created_at": signature["created_at"]}}
    removed = await shop.http.delete(PATH)
    assert (removed.status_code, removed.json()) == (200, shown.json())
    assert (await shop.get(PATH)).status_code == 404
    assert (await shop.http.delete(PATH)).status_code == 404


async def test_a_new_secret_takes_the_place_of_the_old_one(server: Any, shop: Any) -> None:
    first = (await shop.post(PATH)).json()["signature"]["secret"]
    second = (await shop.post(PATH)).json()["signature"]["secret"]
    assert first != second
    assert (await server.app.deliverer.signatures.get(shop.account_id)).secret == second


async def test_a_body_is_not_needed_and_not_minded(shop: Any) -> None:
    for body in (None, {}, []):
        assert (await shop.post(PATH, body)).status_code == 200


async def test_reading_and_writing_need_their_scopes(server: Any, account_id: str) -> None:
    async with server.shop(account_id, scopes=["read:checkout"]) as reader:
        assert (await reader.post(PATH)).status_code == 403
        assert (await reader.http.delete(PATH)).status_code == 403
        assert (await reader.get(PATH)).status_code == 404
    async with server.shop("T" + account_id[::-1][:8], scopes=["admin:shopping"]) as other:
        assert (await other.get(PATH)).status_code == 403


async def test_without_a_token_nothing_is_told(http: Any) -> None:
    assert (await http.get(PATH)).status_code == 401
