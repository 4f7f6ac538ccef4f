"""Drafts through the front door: rows 1 to 9 of the reference's §2, and what is refused there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kvitt.orders.rules import size

UNKNOWN = "00000000-0000-4000-8000-000000000000"
ITEM = {"line_id": 1, "id": "chair", "gross_amount": 100, "tax_lines": []}


def item(line_id: int, gross: int = 100, **more: Any) -> dict[str, Any]:
    return {**ITEM, "line_id": line_id, "gross_amount": gross, **more}


def fault_paths(answer: Any) -> list[str | None]:
    return [fault.get("path") for fault in answer.json()["error"]["errors"]]


def fault(answer: Any) -> dict[str, Any]:
    return answer.json()["error"]["errors"][0]


@pytest.fixture
def drafts(shop):
    return f"{shop.shopping}/draft_orders"


@pytest.fixture
def make(shop, drafts):
    """Makes a draft of these items."""

    async def made(*items: dict[str, Any], options: dict[str, Any] | None = None, **order: Any) -> dict[str, Any]:
        body = {"order": {"currency": "NOK", "items": list(items), **order}}
        answer = await shop.post(drafts, body | ({"options": options} if options is not None else {}))
        assert answer.status_code == 200, answer.text
        return answer.json()

    return made


@pytest.fixture
def complete(shop, drafts):
    async def done(draft: dict[str, Any], **params: Any) -> list[dict[str, Any]]:
        answer = await shop.put(f"{drafts}/{draft['id']}/complete", {}, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["orders"]

    return done


# -- reading --------------------------------------------------------------------------------------------------------


async def test_drafts_are_listed_newest_first_a_page_at_a_time(shop, drafts, make):
    made = [(await make(item(1, 100 + n)))["id"] for n in range(5)]
    first = await shop.get(drafts, params={"limit": 2, "total": "true"})
    assert first.headers["total-count"] == "5"
    page = first.json()
    assert [draft["id"] for draft in page["draft_orders"]] == made[:2:-1]
    assert page["paging_token"] == page["starting_after"]
    seen = [draft["id"] for draft in page["draft_orders"]]
    while "starting_after" in page:
        await make(item(1))  # what comes meanwhile disturbs nobody
        answer = await shop.get(drafts, params={"limit": 2, "starting_after": page["starting_after"]})
        assert "total-count" not in answer.headers
        page = answer.json()
        seen += [draft["id"] for draft in page["draft_orders"]]
    assert seen == made[::-1]


async def test_drafts_are_listed_by_status_and_time_of_creation(shop, drafts, make, complete):
    opened, done, gone = [await make(item(1)) for _ in range(3)]
    await complete(done)
    await shop.http.delete(f"{drafts}/{gone['id']}")

    async def ids(**params: Any) -> list[str]:
        answer = await shop.get(drafts, params={key.replace("__", "."): value for key, value in params.items()})
        assert answer.status_code == 200, answer.text
        return [draft["id"] for draft in answer.json()["draft_orders"]]

    assert await ids(status="open") == [opened["id"]]
    assert await ids(status="completed") == [done["id"]]
    assert await ids(status=["deleted", "open"]) == await ids(status="deleted,open") == [gone["id"], opened["id"]]
    assert set(await ids(created_at__gte=opened["created_at"])) == {opened["id"], done["id"], gone["id"]}
    assert await ids(created_at__gte="2200-01-01T00:00:00Z") == await ids(created_at__lte="2020-01-01T00:00:00Z") == []
    assert opened["id"] in await ids(created_at__lte=opened["created_at"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "closed"),
        ("status", "open,closed"),
        ("created_at.gte", "yesterday"),
        ("created_at.lte", "2026-07-01T00:00:00"),
        ("created_at.gte", "0001-01-01T00:00:00+14:00"),
        ("created_at.lte", "9999-12-31T23:59:59-14:00"),
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "ten"),
        ("starting_after", UNKNOWN),
        ("starting_after", "x"),
        ("total", "perhaps"),
    ],
)
async def test_a_filter_of_nonsense_is_refused_by_its_name(shop, drafts, name, value):
    answer = await shop.get(drafts, params={name: value})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(f"{name}:"), answer.text


async def test_lists_show_the_account_s_own_drafts_alone(shop, server, drafts, make):
    await make(item(1))
    async with server.shop(f"T{int(shop.account_id[1:]) + 10_000_000:08d}", scopes=["read:shopping"]) as stranger:
        assert (await stranger.get(f"{stranger.shopping}/draft_orders")).json() == {"draft_orders": []}
        assert (await stranger.get(drafts)).status_code == 403


# -- changing -------------------------------------------------------------------------------------------------------


async def test_items_are_added_changed_and_removed_and_each_answers_the_whole_draft(shop, drafts, make):
    """§14.5: the answer is the draft, with its order; totals are computed anew."""
    draft = await make(item(1, 100))
    root = f"{drafts}/{draft['id']}"
    added = (await shop.post(f"{root}/items", item(2, 250, discount_lines=[{"amount": 50}]))).json()
    assert (added["order"]["gross_amount"], added["order"]["net_amount"]) == (350, 300)
    assert [(i["line_id"], i["version"]) for i in added["order"]["items"]] == [(1, 1), (2, 2)]
    changed = (await shop.put(f"{root}/items/1", item(1, 70, description="smaller"))).json()
    assert (changed["order"]["net_amount"], changed["order"]["items"][0]["version"]) == (270, 3)
    removed = await shop.http.delete(f"{root}/items/2")
    assert removed.status_code == 200
    assert [i["line_id"] for i in removed.json()["order"]["items"]] == [1]
    assert (removed.json()["order"]["net_amount"], removed.json()["version"]) == (70, 4)
    assert (await shop.get(root)).json() == removed.json()


async def test_a_bad_item_is_refused_by_its_path_and_changes_nothing(shop, drafts, make):
    draft = await make(item(1), item(2))
    root = f"{drafts}/{draft['id']}/items"
    cases = [
        (shop.post(root, item(2)), 400, "line_id"),
        (shop.post(root, item(3, -1)), 400, "gross_amount"),
        (shop.post(root, item(3, 10, discount_lines=[{"amount": 11}])), 400, "discount_lines.0.amount"),
        (shop.post(root, {**item(3), "tax_lines": None}), 400, "tax_lines"),
        (shop.put(f"{root}/1", item(2)), 400, "line_id"),
        (shop.put(f"{root}/1", item(1, quantity=0)), 400, "quantity"),
        (shop.put(f"{root}/9", item(9)), 404, None),
        (shop.put(f"{root}/one", item(9)), 404, None),
        (shop.http.delete(f"{root}/9"), 404, None),
        (shop.post(f"{drafts}/{UNKNOWN}/items", item(3)), 404, None),
    ]
    for call, status, path in cases:
        answer = await call
        assert answer.status_code == status, answer.text
        if path is not None:
            assert path in fault_paths(answer), answer.text
    assert (await shop.get(f"{drafts}/{draft['id']}")).json() == draft


async def test_a_draft_takes_a_thousand_items_and_says_so(shop, drafts, make):
    draft = await make(*[item(n) for n in range(999)])
    assert (await shop.post(f"{drafts}/{draft['id']}/items", item(999))).status_code == 200
    answer = await shop.post(f"{drafts}/{draft['id']}/items", item(1000))
    assert (answer.status_code, "at most 1000 items" in answer.text) == (409, True)
    body = {"order": {"currency": "NOK", "items": [item(n) for n in range(1001)]}}
    for answer in (await shop.post(drafts, body), await shop.put(f"{drafts}/{draft['id']}", body)):
        assert (answer.status_code, "1000" in answer.text) == (400, True)


async def test_updating_replaces_the_order_and_keeps_options_and_store_unless_they_are_given(shop, drafts, make):
    draft = await make(item(1), item(2), options={"generate_order_id": "ALPHANUMERIC_9"}, courier_id="c-1")
    root = f"{drafts}/{draft['id']}"
    body = {"order": {"currency": "NOK", "items": [item(2), item(3, 50)]}}
    updated = (await shop.put(root, body)).json()
    assert (updated["version"], updated["order"]["net_amount"]) == (2, 150)
    assert "courier_id" not in updated["order"]
    assert [(i["line_id"], i["version"]) for i in updated["order"]["items"]] == [(2, 1), (3, 2)]
    assert updated["options"] == {"generate_order_id": "ALPHANUMERIC_9"}
    again = (await shop.put(root, body | {"options": {}, "store": {"id": "s-1"}})).json()
    assert (again["options"], again["store"]) == ({}, {"id": "s-1"})
    assert again["created_at"] == draft["created_at"] <= again["updated_at"]


async def test_a_draft_that_was_read_can_be_sent_back_as_it_is(shop, drafts, make):
    draft = await make(
        item(1, 100, discount_lines=[{"amount": 10}]), options={"generate_order_id": "ALPHANUMERIC_9_RESERVE"}
    )
    updated = (await shop.put(f"{drafts}/{draft['id']}", draft)).json()
    assert updated["order"] == draft["order"]
    assert updated["version"] == 2
    (order,) = (await shop.put(f"{drafts}/{draft['id']}/complete", {})).json()["orders"]
    assert order["order_id"] == draft["order"]["order_id"]


async def test_a_reserved_number_stays_the_draft_s(shop, drafts, make):
    draft = await make(item(1))
    root = f"{drafts}/{draft['id']}"
    body = {"order": {"currency": "NOK", "items": [item(1)]}}
    reserved = (await shop.put(root, body | {"options": {"generate_order_id": "ALPHANUMERIC_9_RESERVE"}})).json()
    number = reserved["order"]["order_id"]
    assert (await shop.put(root, body)).json()["order"]["order_id"] == number
    for sent in (body | {"options": {}}, {"order": body["order"] | {"order_id": "A-1"}}):
        answer = await shop.put(root, sent)
        assert (answer.status_code, fault_paths(answer)) == (400, ["options.generate_order_id"]), answer.text


async def test_a_stale_version_is_refused_with_the_current_one(shop, drafts, make):
    draft = await make(item(1))
    root = f"{drafts}/{draft['id']}"
    body = {"order": {"currency": "NOK", "items": [item(1, 90)]}}
    assert (await shop.put(root, body | {"version": 1})).json()["version"] == 2
    stale = {"headers": {"If-Match": '"1"'}}
    answers = [
        await shop.put(root, body | {"version": 1}),
        await shop.put(root, body, **stale),
        await shop.post(f"{root}/items", item(2), **stale),
        await shop.put(f"{root}/items/1", item(1), **stale),
        await shop.http.delete(f"{root}/items/1", **stale),
        await shop.http.delete(root, **stale),
        await shop.put(f"{root}/complete", {"version": 1}),
        await shop.put(f"{root}/complete", {}, params={"dry_run": True}, **stale),
    ]
    assert [answer.status_code for answer in answers] == [409] * len(answers)
    assert {fault(answer)["details"]["version"] for answer in answers} == {2}
    assert (await shop.post(f"{root}/items", item(2), headers={"If-Match": '"2"'})).json()["version"] == 3


async def test_many_editors_at_once_lose_nothing(shop, drafts, make):
    draft = await make()
    root = f"{drafts}/{draft['id']}"
    answers = await asyncio.gather(*[shop.post(f"{root}/items", item(n, n)) for n in range(1, 21)])
    assert {answer.status_code for answer in answers} == {200}
    after = (await shop.get(root)).json()
    assert (after["version"], after["order"]["net_amount"], len(after["order"]["items"])) == (21, 210, 20)


async def test_a_request_with_a_key_is_answered_again_and_does_nothing_again(shop, drafts, make):
    draft = await make(item(1))
    root = f"{drafts}/{draft['id']}"
    body = {"order": {"currency": "NOK", "items": [item(1, 90)]}}
    calls = [
        lambda key: shop.put(root, body, headers=key),
        lambda key: shop.post(f"{root}/items", item(2), headers=key),
        lambda key: shop.put(f"{root}/items/2", item(2, 7), headers=key),
        lambda key: shop.put(f"{root}/complete", {}, headers=key),
    ]
    for n, call in enumerate(calls):
        first, again = [await call({"Idempotency-Key": f"{draft['id']}-{n}"}) for _ in range(2)]
        assert (first.status_code, again.status_code, again.headers["idempotent-replayed"]) == (200, 200, "true")
        assert first.json() == again.json()
    assert (await shop.get(root)).json()["version"] == 5


async def test_a_deleted_draft_stays_readable_and_takes_nothing_more(shop, drafts, make):
    draft = await make(item(1))
    root = f"{drafts}/{draft['id']}"
    deleted = (await shop.http.delete(root)).json()
    assert (deleted["status"], deleted["version"]) == ("deleted", 2)
    assert deleted["deleted_at"] >= draft["created_at"]
    assert deleted["deleted_by"] == draft["created_by"]
    assert (await shop.get(root)).json() == (await shop.http.delete(root)).json() == deleted
    body = {"order": {"currency": "NOK", "items": [item(1)]}}
    answers = [
        await shop.put(root, body),
        await shop.post(f"{root}/items", item(2)),
        await shop.put(f"{root}/items/1", item(1)),
        await shop.http.delete(f"{root}/items/1"),
        await shop.put(f"{root}/complete", {}),
        await shop.put(f"{root}/complete", {}, params={"dry_run": True}),
    ]
    assert [answer.status_code for answer in answers] == [409] * len(answers)
    assert all("is deleted" in answer.text for answer in answers)


async def test_a_completed_draft_takes_no_changes(shop, drafts, make, complete):
    draft = await make(item(1))
    (order,) = await complete(draft)
    root = f"{drafts}/{draft['id']}"
    for call in (shop.post(f"{root}/items", item(2)), shop.http.delete(root), shop.http.delete(f"{root}/items/1")):
        assert (await call).status_code == 409
    assert (await complete(draft))[0] == order


async def test_each_change_is_an_event_and_a_webhook(shop, drafts, make, server):
    from kvitt.delivery.rules.notices import notices

    draft = await make(item(1))
    root = f"{drafts}/{draft['id']}"
    await shop.post(f"{root}/items", item(2))
    await shop.put(f"{root}/items/2", item(2, 7))
    await shop.http.delete(f"{root}/items/2")
    await shop.put(root, {"order": {"currency": "NOK", "items": [item(1)]}})
    await shop.http.delete(root)
    events, _ = await server.store.feed(shop.account_id, None, 100)
    mine = [event for event in events if event.object_id == draft["id"]]
    assert [event.type for event in mine] == ["draft.created", *["draft.updated"] * 4, "draft.deleted"]
    assert [event.version for event in mine] == [1, 2, 3, 4, 5, 6]
    told = [notice.event for event in mine for notice in notices(event)]
    assert told == ["shopping_draft_add", *["shopping_draft_update"] * 5]


async def test_drafts_take_the_scopes_that_are_documented(shop, drafts, make, server):
    draft = await make(item(1))
    root = f"{drafts}/{draft['id']}"
    client, secret = await server.app.accounts.create_client(shop.account_id, "Reader", ["read:shopping"])
    token = await shop.http.post(
        f"/v1/accounts/{shop.account_id}/auth/token",
        auth=(client.client_id, secret),
        json={"grant_type": "client_credentials", "audience": f"https://x/v1/accounts/{shop.account_id}"},
    )
    reads = {"headers": {"Authorization": f"Bearer {token.json()['access_token']}"}}
    assert (await shop.get(drafts, **reads)).status_code == (await shop.get(root, **reads)).status_code == 200
    for call in (
        shop.put(root, {"order": {"currency": "NOK"}}, **reads),
        shop.http.delete(root, **reads),
        shop.post(f"{root}/items", item(2), **reads),
        shop.put(f"{root}/items/1", item(1), **reads),
        shop.http.delete(f"{root}/items/1", **reads),
        shop.put(f"{root}/complete", {}, params={"dry_run": True}, **reads),
    ):
        assert (await call).status_code == 403


# -- too much ---------------------------------------------------------------------------------------------------------


async def test_a_draft_that_would_be_too_large_is_refused_and_stays(shop, make, drafts, monkeypatch):
    monkeypatch.setattr(size.refuse_larger_draft, "__defaults__", (4_000,))
    draft = await make(item(1))
    large = item(2, metadata={"note": "x" * 4_000})
    answer = await shop.post(f"{drafts}/{draft['id']}/items", large)
    assert (answer.status_code, answer.json()["error"]["message"][:22]) == (409, "a draft takes at most ")
    assert (await shop.get(f"{drafts}/{draft['id']}")).json() == draft


async def test_a_time_to_live_that_no_calendar_holds_is_refused(shop, drafts):
    order = {"currency": "NOK", "items": [ITEM]}
    answer = await shop.post(drafts, {"order": order, "options": {"order_time_to_live": "9999-12-31T23:59:59-14:00"}})
    assert (answer.status_code, fault_paths(answer)) == (400, ["options.order_time_to_live"])


async def test_a_draft_whose_orders_would_be_too_much_together_is_refused(shop, make, drafts, monkeypatch):
    monkeypatch.setattr(size, "MAX_SIZE_WITH_OPERATIONS", 8_000)
    lines = [item(1, store={"id": "a"}), item(2, store={"id": "b"})]
    for length, status in ((5_000, 409), (1_000, 200)):
        draft = await make(*lines, options={"split_draft": True}, metadata={"note": "x" * length})
        for query in ("?dry_run=true", ""):
            answer = await shop.put(f"{drafts}/{draft['id']}/complete{query}")
            assert answer.status_code == status, answer.text
