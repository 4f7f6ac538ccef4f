"""A draft tells who changed it, and how: its latest events, newest first, in every answer of one draft."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kvitt.orders.rules import size

ITEM = {"line_id": 1, "id": "chair", "gross_amount": 100, "tax_lines": []}


@pytest.fixture
def drafts(shop):
    return f"{shop.shopping}/draft_orders"


@pytest.fixture
async def draft(shop, drafts) -> dict[str, Any]:
    answer = await shop.post(drafts, {"order": {"currency": "NOK", "items": [ITEM]}})
    made: dict[str, Any] = answer.json()
    return made


async def test_each_change_is_an_event_with_its_request_and_the_id_that_the_feed_has(shop, drafts, draft, store):
    root = f"{drafts}/{draft['id']}"
    sent = [
        ("PUT", root, {"order": {"currency": "NOK", "items": [ITEM]}, "store": {"id": "blå"}}),
        ("POST", f"{root}/items", {**ITEM, "line_id": 2}),
        ("PUT", f"{root}/items/2", {**ITEM, "line_id": 2, "gross_amount": 50}),
        ("DELETE", f"{root}/items/2", None),
    ]
    for count, (method, path, body) in enumerate(sent, start=2):
        answer = await shop.http.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
        assert len(answer.json()["events"]) == count
    refused = await shop.post(f"{root}/items", {**ITEM, "gross_amount": -1})
    assert refused.status_code == 400
    assert (await shop.put(f"{root}/complete", {}, params={"dry_run": "true"})).status_code == 200
    assert (await shop.put(f"{root}/complete", {})).status_code == 200
    assert (await shop.put(f"{root}/complete", {})).status_code == 200
    events = (await shop.get(root)).json()["events"][::-1]
    assert [event["version"] for event in events] == list(range(1, 7))
    assert [(event["request"]["method"], event["request"]["path"]) for event in events] == [
        ("POST", drafts),
        *((method, path) for method, path, _ in sent),
        ("PUT", f"{root}/complete"),
    ]
    assert '"store":{"id":"blå"}' in events[1]["request"]["body"]
    assert events[4]["request"]["body"] == ""
    assert {event["event_type"] for event in events} == {"api-event"}
    assert {event["created_by"] for event in events} == {draft["created_by"]}
    logged, _ = await store.feed(shop.account_id, None, 100)
    assert [event["id"] for event in events] == [event.id for event in logged if event.object_type == "draft"]


async def test_it_is_answered_when_it_is_made_and_when_it_is_deleted_but_lists_leave_it_out(shop, drafts, draft):
    (made,) = draft["events"]
    assert (made["version"], made["request"]["path"]) == (1, drafts)
    assert (await shop.get(f"{drafts}/{draft['id']}")).json() == draft
    (listed,) = (await shop.get(drafts)).json()["draft_orders"]
    assert listed == {name: value for name, value in draft.items() if name != "events"}
    for _ in range(2):
        deleted = (await shop.http.delete(f"{drafts}/{draft['id']}")).json()
        assert [event["request"]["method"] for event in deleted["events"]] == ["DELETE", "POST"]


async def test_a_draft_that_was_read_can_be_sent_back_and_its_events_are_not_the_caller_s_to_say(shop, drafts, draft):
    forged = {**draft, "events": [{**draft["events"][0], "created_by": "somebody else"}]}
    after = (await shop.put(f"{drafts}/{draft['id']}", forged)).json()
    assert after["events"][1:] == draft["events"]
    assert after["events"][0]["created_by"] == draft["created_by"]


async def test_of_changes_at_once_none_is_missing(shop, drafts, draft):
    items = [shop.post(f"{drafts}/{draft['id']}/items", {**ITEM, "line_id": id}) for id in range(2, 12)]
    assert {answer.status_code for answer in await asyncio.gather(*items)} == {200}
    after = (await shop.get(f"{drafts}/{draft['id']}")).json()
    assert [event["version"] for event in after["events"]] == list(range(11, 0, -1))


async def test_the_latest_hundred_are_shown_and_of_a_body_its_first_two_thousand_characters(shop, drafts, draft):
    root = f"{drafts}/{draft['id']}"
    for id in range(2, 102):
        answer = await shop.post(f"{root}/items", {**ITEM, "line_id": id})
    events = answer.json()["events"]
    assert [event["version"] for event in events] == list(range(101, 1, -1))
    body = {"order": {"currency": "NOK", "items": [ITEM], "metadata": {"note": "ø" * 10_000}}}
    event = (await shop.put(root, body)).json()["events"][0]
    assert len(event["request"]["body"]) == 2_000


async def test_its_events_never_make_a_draft_too_large(shop, drafts, draft, monkeypatch):
    """What is kept stays below the limit but for the events: a line taken away is one event more, and no refusal."""
    monkeypatch.setattr(size.refuse_larger_draft, "__defaults__", (1_400,))
    root = f"{drafts}/{draft['id']}"
    small, large = {**ITEM, "line_id": 2}, {**ITEM, "line_id": 3, "description": "x" * 900}
    for _ in range(10):
        assert (await shop.post(f"{root}/items", small)).status_code == 200
        assert (await shop.http.delete(f"{root}/items/2")).status_code == 200
    refused = await shop.post(f"{root}/items", large)
    assert (refused.status_code, refused.json()["error"]["message"][:21]) == (409, "a draft takes at most")
    assert len((await shop.get(root)).json()["events"]) == 21


async def test_webhooks_tell_of_the_draft_without_its_events(shop, draft, server):
    told = await server.app.orders.draft(shop.account_id, draft["id"])
    assert (told.id, told.events) == (draft["id"], ())


async def test_what_is_removed_leaves_no_request_behind(shop, drafts, store):
    body = {
        "order": {"currency": "NOK", "items": [ITEM], "customer": {"email": "kari@example.org"}},
        "options": {"order_time_to_live": 60},
    }
    draft = (await shop.post(drafts, body)).json()
    assert "kari@example.org" in draft["events"][0]["request"]["body"]
    clock = f"/v1/accounts/{shop.account_id}/sandbox/clock"
    assert (await shop.post(clock, {"advance": "PT2M"})).status_code == 200
    async with asyncio.timeout(20):
        while (await shop.get(f"{drafts}/{draft['id']}")).status_code != 404:
            await asyncio.sleep(0.05)
    from kvitt.orders.model import DRAFTS

    row = await store.get(DRAFTS, shop.account_id, draft["id"])
    assert (row.doc.removed, row.doc.draft.events) == (True, ())
