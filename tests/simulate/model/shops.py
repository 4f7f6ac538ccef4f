"""What the shops heard: callbacks that are owed, webhooks in the order of the log."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import msgspec

from kvitt.core.change import Event

from ..receivers import Arrival
from .violation import Violation

if TYPE_CHECKING:
    from ..world import World


class Shops:
    def __init__(self, world: World) -> None:
        self._world = world
        self._subscriptions: list[tuple[str, Any]] = []

    def begin(self) -> None:
        """The subscriptions were made when the world was set up, before anything happened."""
        for account_id, id, _ in list(self._world.database.of_table("settings")):
            if id == "hooks:":
                hooks = self._world.document("settings", account_id, id)
                self._subscriptions += [(account_id, each) for each in hooks["subscriptions"]]

    def settled(self) -> None:
        taken = [arrival for arrival in self._world.receivers.arrivals if arrival.status == 200]
        dead = {
            line.event.object_id
            for lines in self._world.database.log.values()
            for line in lines
            if line.event.type == "delivery.dead"
        }
        self._callbacks(taken, dead)
        _callbacks_in_order(taken, dead)
        for account_id, subscription in self._subscriptions:
            self._webhooks(account_id, subscription, taken)

    # callbacks

    def _callbacks(self, taken: list[Arrival], dead: set[str]) -> None:
        got: set[tuple[str, str]] = set()
        for arrival in taken:
            if "/callback" in arrival.url:
                query = {name: values[-1] for name, values in parse_qs(urlsplit(arrival.url).query).items()}
                what = query.get("event_id") or query.get("error") or "paid"
                got.add((query.get("transaction_id") or query.get("session_id") or query["sid"], what))
        for account_id, id in self._world.transactions:
            record = self._world.document("transactions", account_id, id)
            for what in _owed(
                record, self._world.document("sessions", account_id, record["transaction"]["session_id"])
            ):
                if (id, what) not in got and f"callback:{id}:{what}" not in dead:
                    raise Violation("callbacks-reach", f"the shop never heard of {what} of transaction {id}")

    # webhooks

    def _webhooks(self, account_id: str, subscription: Any, taken: list[Arrival]) -> None:
        arrived: dict[str, list[Any]] = defaultdict(list)
        seen: set[str] = set()
        gone = {
            row.id
            for (account, _), row in self._world.database.deliveries.items()
            if account == account_id and row.status == "dead"
        }
        for arrival in taken:
            if arrival.url == subscription["url"] and arrival.id not in seen:
                seen.add(arrival.id)
                body = msgspec.json.decode(arrival.body)
                if body["event"] != "ping":
                    arrived[_object_of(body)].append(body)
        expected: dict[str, list[tuple[str, Event]]] = defaultdict(list)
        after = tuple(subscription["after"])
        for line in self._world.database.log.get(account_id, ()):
            if (1, line.xid, line.seq) > after:
                for name in _names(line.event):
                    if name in subscription["events"]:
                        expected[line.event.object_id].append((name, line.event))
        removed = {
            line.event.object_id
            for line in self._world.database.log.get(account_id, ())
            if line.event.type in ("draft.removed", "order.removed")
        }
        for object_id in expected.keys() | arrived.keys():
            what, got = expected[object_id], arrived[object_id]
            if object_id in removed:
                _some_in_order(object_id, what, got)
            else:
                _in_order(object_id, what, got, len(gone))


def _callbacks_in_order(taken: list[Arrival], dead: set[str]) -> None:
    """By the event that each tells of. One that was given up may have been overtaken."""
    last: dict[str, int] = {}
    seen: set[str] = set()
    for arrival in taken:
        query = dict(parse_qsl(urlsplit(arrival.url).query))
        if arrival.id in seen or "event_id" not in query:
            continue
        seen.add(arrival.id)
        id, event = query["transaction_id"], int(query["event_id"])
        if event < last.get(id, 0) and not any(key.startswith(f"callback:{id}:") for key in dead):
            raise Violation("callbacks-in-order", f"transaction {id}: event {event} was told after {last[id]}")
        last[id] = max(event, last.get(id, 0))


def _owed(record: Any, session: Any) -> list[str]:
    """What the shop asked to hear of a transaction: `paid`, an event's id, or an error."""
    shown = record["transaction"]
    url = session["session"]["url"].get("callback_url")
    if url is None:
        return []
    options = parse_qsl(urlsplit(url).query)
    asked = {value for name, value in options if name == "report_event"}
    succeeded = [event for event in shown["events"] if event["success"]]
    owed = [event["id"] for event in succeeded if event["event"] in asked and _is_operation(event, record, session)]
    authorized = any(event["event"] == "AUTHORIZE" for event in succeeded)
    automatic = (session["session"].get("configuration") or {}).get("auto_capture")
    if authorized and not (automatic and _voided_by_hand(record)):
        owed.append("paid")
    if ("report_error", "true") in options and not authorized:
        if shown["status"] == "FAILED":
            owed.append("failed")
        elif shown["status"] == "DECLINED":
            owed.append("cancelled")
    return owed


def _voided_by_hand(record: Any) -> bool:
    """All of it, before anything was captured: the shop itself did that, and hears of an automatic capture no more."""
    shown = record["transaction"]
    return shown["status"] == "AUTHORIZATION_VOIDED" and any(
        attempt["verb"] == "void" and attempt["status"] == "done" for attempt in record.get("attempts", ())
    )


def _is_operation(event: Any, record: Any, session: Any) -> bool:
    """Not the void of a remainder, nor the end of what never held money: these are told with their cause."""
    if event["event"] != "VOID":
        return True
    voids = [
        attempt for attempt in record.get("attempts", ()) if attempt["verb"] == "void" and attempt["status"] == "done"
    ]
    return bool(voids) and event.get("amount") == voids[0]["amount"]


def _names(event: Event) -> tuple[str, ...]:
    """The webhooks that an event of the log causes, by docs/guides/webhooks.md."""
    if event.object_type == "transaction":
        both = ("checkout_transaction", "checkout_authorization")
        return both if event.type == "transaction.authorized" else both[:1]
    if event.type in ("session.cancelled", "session.expired"):
        return ("checkout_authorization",)
    if event.type == "draft.created":
        return ("shopping_draft_add",)
    if event.object_type == "draft" and event.type != "draft.removed":
        return ("shopping_draft_complete" if event.type == "draft.completed" else "shopping_draft_update",)
    if event.object_type == "order":
        if event.type == "order.created" and "draft_id" in msgspec.json.decode(event.data):
            return ()  # told by the draft's completion
        return (_OF_ORDERS.get(event.type, "shopping_order_update"),)
    return ()


_OF_ORDERS = {"order.removed": "shopping_order_delete", "order.event_added": "shopping_order_event_add"}


def _object_of(body: Any) -> str:
    if body["event"].startswith("shopping_"):
        return str((body.get("draft") or body.get("order"))["id"])
    if "transaction" in body:
        return str(body["transaction"]["id"])
    return str(body["authorization"]["session_id"])


def _in_order(object_id: str, expected: list[tuple[str, Event]], arrived: list[Any], dead: int) -> None:
    names, got = [name for name, _ in expected], [body["event"] for body in arrived]
    if len(got) < len(names) - dead:
        raise Violation("webhooks-reach", f"{object_id}: {got} of {names}")
    if dead:
        return
    if len(got) > len(names):
        raise Violation("webhooks-reach", f"{object_id}: {got}, and there were only {names}")
    if got != names:
        raise Violation("webhooks-in-order", f"{object_id}: {got} instead of {names}")
    for (name, event), body in zip(expected, arrived, strict=True):
        shown = body.get("draft") or body.get("order") or {}
        if shown.get("version", event.version) < event.version:
            raise Violation("webhooks-in-order", f"{object_id}: {event.type} shows version {shown['version']}")
        if name == "checkout_transaction" and body["transaction"] != msgspec.json.decode(event.data):
            raise Violation("webhooks-in-order", f"{object_id}: {name} tells of something else than {event.type}")


def _some_in_order(object_id: str, expected: list[tuple[str, Event]], arrived: list[Any]) -> None:
    """Of an object that was removed: what was to be told of it afterwards can be loaded no more."""
    rest = iter(name for name, _ in expected)
    got = [body["event"] for body in arrived]
    if not all(name in rest for name in got):
        raise Violation("webhooks-in-order", f"{object_id}: {got}, and there was {[name for name, _ in expected]}")
