"""A live account names no address of our own network, for any request that we are to make: refused when the session is
created, and when a connection is made, since what a name leads to is known only then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kvitt.core.change import Change, Task, encode_text
from kvitt.core.clock import system_clock
from kvitt.delivery.client import OutgoingClient
from kvitt.delivery.flows.callbacks import Deliverer
from kvitt.store import DueTask, Store

from .hearing import hearing

INSIDE = (
    "https://127.0.0.1/hook", "https://10.1.2.3/hook", "https://192.168.0.9/hook", "https://172.20.0.1/hook",
    "https://169.254.169.254/latest", "https://[::1]/hook", "https://[fd00::1]/hook", "https://[::ffff:10.0.0.1]/hook",
    "https://localhost/hook", "https://db.internal/hook", "https://127.1/hook", "https://2130706433/hook",
    "https://0x7f.1/hook", "https://user@10.0.0.1/hook", "https://10.0.0.1./hook", "https://100.64.0.1/hook",
    "http://shop.example/hook",
)  # fmt: skip
MEMBERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "url.callback_url": lambda url: {"url": {"return_url": "https://shop.example/", "callback_url": url}},
    "express.shipping_address_callback_url": lambda url: {
        "express": {"shipping_options": [], "shipping_address_callback_url": url}
    },
    "express.discount_codes.callback_url": lambda url: {
        "express": {"shipping_options": [], "discount_codes": {"max_count": 1, "callback_url": url}}
    },
}


@pytest.fixture
def server(own_server: Any) -> Any:
    """Other tests here do the worker's work by hand: no worker may be there then."""
    return own_server


def session(**members: Any) -> dict[str, Any]:
    return {
        "url": {"return_url": "https://shop.example/"},
        "order": {"amount": 100, "currency": "NOK", "merchant_reference": "A-1"},
        "configuration": {},
        **members,
    }


@pytest.mark.parametrize("member", MEMBERS)
async def test_a_live_account_names_no_address_inside(server: Any, account_id: str, member: str) -> None:
    async with server.shop(f"P{account_id[1:]}", ["admin:checkout"]) as shop:
        for url in INSIDE:
            answer = await shop.post("/v1/sessions", session(**MEMBERS[member](url)))
            assert answer.status_code == 400, url
            assert [fault["path"] for fault in answer.json()["error"]["errors"]] == [member], url
        answer = await shop.post("/v1/sessions", session(**MEMBERS[member]("https://shop.example/hook")))
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("member", MEMBERS)
async def test_a_test_account_may_name_its_own_machine(shop: Any, member: str) -> None:
    for url in ("http://127.0.0.1:3000/hook", "http://localhost:3000/hook", "https://10.1.2.3/hook"):
        assert (await shop.post("/v1/sessions", session(**MEMBERS[member](url)))).status_code == 200


@pytest.mark.parametrize(("name", "fault"), [("localhost", "address"), ("127.1", "address"), ("127.0.0.1", "url")])
async def test_a_name_that_leads_inside_is_found_when_the_connection_is_made(
    store: Store, account_id: str, name: str, fault: str
) -> None:
    """As if it had led elsewhere when the session was created."""
    live = f"P{account_id[1:]}"
    async with hearing() as inside, OutgoingClient() as client:
        port = inside.url.rpartition(":")[2]
        data = encode_text({"method": "GET", "url": f"https://{name}:{port}", "event_id": "E1"})
        task = Task(live, "callback:1:paid", "checkout.callback", system_clock(), data)
        await store.commit(Change(tasks=(task,)))
        deliverer = Deliverer(store, system_clock, client)
        outcome = await deliverer.deliver(DueTask(live, task.id, task.kind, task.due_at, data, 1))
        await deliverer.close()
        assert outcome.result.fault in (fault, "url")
        assert inside.all == []
