"""What callers of the order service are shown: that it is what stood there, and that previews come true."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import msgspec

from ..shopping import DRAFT_KINDS, KINDS, ORDER_KINDS, READS
from . import left
from .orders import Key, OrderBook
from .violation import Violation

if TYPE_CHECKING:
    from ..database import Applied
    from ..requests import Request, Try

_DERIVED = ("remaining", "state", "events")
"""Members of an answered order or draft that are made for the answer."""
_OF_THE_MOMENT = ("created_at", "updated_at")
"""Members that a preview has from its own moment."""


class Answers:
    def __init__(self, book: OrderBook) -> None:
        self.accepted: set[str] = set()
        """Kinds of requests that were done."""
        self._book = book
        self._previews: dict[Key, list[tuple[int, Any]]] = defaultdict(list)
        """By draft: the version that was previewed, and what was answered."""

    def committed(self, applied: Applied) -> None:
        attempt = applied.attempt
        if attempt is not None and attempt.request.kind in READS:
            raise Violation("preview-changes-nothing", f"{attempt.request.name} wrote {applied.change.puts}")
        for put in applied.change.puts:
            key = (put.account_id, put.id)
            if put.table == "drafts" and key in self._book.completions:
                for version, answer in self._previews[key]:
                    self._came_true(key, version, answer)

    def answered(self, attempt: Try, answer: Any) -> None:
        request = attempt.request
        if request.kind not in KINDS or answer is None:
            return
        if 400 <= answer.status < 500 and attempt.applied:
            raise Violation("refusals-do-nothing", f"{request.name} was refused ({answer.status}), and was done")
        if answer.status != 200:
            return
        self.accepted.add(request.kind)
        body = msgspec.json.decode(answer.body)
        if not body:
            raise Violation("answers-are-true", f"{request.name} was answered with nothing")
        if request.kind in DRAFT_KINDS:
            self._stood(request, body)
            _as_written(attempt, "drafts", body)
        elif request.kind in ORDER_KINDS:
            self._view(request, body)
            _as_written(attempt, "orders", body)
        elif request.kind == "complete_draft":
            self._completed(request, body["orders"])
            for order in body["orders"]:
                _as_written(attempt, "orders", order)
        elif request.kind == "preview":
            self._previewed(request, body)

    def _view(self, request: Request, view: Any) -> None:
        self._stood(request, view)
        self._derived(request, view, self._takes_several(request.account_id, view["id"], None))

    def _stood(self, request: Request, shown: Any) -> None:
        stood = self._book.versions.get((request.account_id, shown["id"], shown["version"]))
        if stood is None or not _same(_without(shown, _DERIVED), _without(stood, _DERIVED)):
            raise Violation("answers-are-true", f"{request.name} was shown {shown}, and there was {stood}")
        events = shown.get("events", ())
        if events and events[0]["version"] != shown["version"]:
            raise Violation("answers-are-true", f"{request.name}: version {shown['version']} shows {events[0]}")

    def _derived(self, request: Request, view: Any, several: bool) -> None:
        expected = left.remaining(view, several)
        if view["remaining"] != expected:
            raise Violation(
                "remaining-follows",
                f"{request.name}: order {view['id']} shows {view['remaining']}; its operations say {expected}",
            )
        if view["payment_status"] != left.payment_status(view):
            raise Violation("status-follows", f"{request.name}: {view['payment_status']} of order {view['id']}")

    def _takes_several(self, account_id: str, order_id: str, options: Any) -> bool:
        """Whether a line may be authorized several times. A new order does as the draft's options say."""
        known = self._book.orders.get((account_id, order_id))
        return bool((known if known is not None else options or {}).get("multiple_authorizations"))

    # completing

    def _completed(self, request: Request, orders: list[Any]) -> None:
        for order in orders:
            self._view(request, order)
        account_id, ids = request.account_id, [order["id"] for order in orders]
        completion = self._book.completions.get((account_id, request.about))
        made = [] if completion is None else [each["order"]["id"] for each in completion[1]]
        gone = {id for id in made if self._book.orders[account_id, id].get("removed")}
        if (not ids and not gone) or [id for id in made if id in ids or id not in gone] != ids:
            raise Violation("draft-completes-once", f"{request.name} is answered {ids}, and became {made}")

    def _previewed(self, request: Request, body: Any) -> None:
        assert request.expected is not None
        key = (request.account_id, request.about)
        draft = self._book.versions[(*key, request.expected)]
        for view in body["orders"]:
            self._derived(request, view, self._takes_several(request.account_id, view["id"], draft.get("options")))
        if any((request.account_id, view["id"], view["version"]) not in self._book.versions for view in body["orders"]):
            self._can_be_done(request, body)
        self._previews[key].append((request.expected, body))
        if key in self._book.completions:
            self._came_true(key, request.expected, body)

    def _came_true(self, key: Key, previewed: int, body: Any) -> None:
        """When nothing came between: the same version of the draft, and of the order that it changes."""
        version, orders = self._book.completions[key]
        made = [each["order"] for each in orders]
        if version != previewed or [_place(view) for view in body["orders"]] != [_place(order) for order in made]:
            new = version == previewed and all(view["version"] == 1 for view in (*body["orders"], *made))
            shown, ids = ([each["id"] for each in some] for some in (body["orders"], made))
            if new and not set(shown) <= set(ids):
                raise Violation("preview-equals-commit", f"draft {key[1]} was to become {shown}, and is {ids}")
            return
        options = self._book.versions[(*key, previewed)].get("options", {})
        numbered = "serial_order_number_suffix" in options or options.get("generate_order_id") == "ALPHANUMERIC_9"
        unknown = (*_DERIVED, *_OF_THE_MOMENT, *(("order_id",) if numbered and "order_id" not in options else ()))
        for view, order in zip(body["orders"], made, strict=True):
            promised, kept = _without(view, unknown), _without(order, unknown)
            if not _same(promised, kept):
                raise Violation("preview-equals-commit", f"draft {key[1]}: {promised} was shown, {kept} was written")

    def _can_be_done(self, request: Request, body: Any) -> None:
        """The plan's operations, in its order, on the orders as they were shown."""
        for view in body["orders"]:
            order = deepcopy(view)
            lines = {item["line_id"] for item in order["items"]}
            before = self._book.versions.get((request.account_id, order["id"], order["version"] - 1))
            for member, verb in zip(left.MEMBERS[:3], left.VERBS[:3], strict=True):
                parts = [part for part in body["plan"][verb]["items"] if part["line_id"] in lines]
                several = self._takes_several(request.account_id, order["id"], {"multiple_authorizations": True})
                rest = left.left_of(order, several)
                for part in parts:
                    most = rest[part["line_id"]][verb]
                    if part["amount"] * most < 0 or abs(part["amount"]) > abs(most):
                        raise Violation("plan-can-be-done", f"{request.name}: {verb} {part}, and {most} is left")
                order[member].append({"id": "planned", "success": True, "items": _by_line(parts)})
                if wrong := left.fault(order):
                    raise Violation("plan-can-be-done", f"{request.name}: {verb} {parts}: {wrong}")
            if before is not None and left.is_paid(before) and (holds := left.held(order)) != order["net_amount"]:
                raise Violation("plan-can-be-done", f"{request.name}: {holds} is held of {order['net_amount']}")


def _without(document: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


def _as_written(attempt: Try, table: str, shown: Any) -> None:
    wrote = attempt.wrote.get((table, shown["id"]))
    if wrote is not None and shown["version"] != wrote:
        raise Violation(
            "answers-are-true", f"{attempt.request.name} wrote version {wrote}, and shows {shown['version']}"
        )


def _place(order: Any) -> tuple[str, int]:
    return order["id"], order["version"]


def _by_line(parts: list[Any]) -> list[Any]:
    """A line may be refunded under several authorizations."""
    whole: dict[int, int] = defaultdict(int)
    for part in parts:
        whole[part["line_id"]] += part["amount"]
    return [{"line_id": line_id, "amount": amount} for line_id, amount in whole.items()]


def _same(shown: Any, kept: Any) -> bool:
    """What is kept has decimals as text; an answer has them as numbers."""
    if isinstance(shown, dict) and isinstance(kept, dict):
        return shown.keys() == kept.keys() and all(_same(value, kept[name]) for name, value in shown.items())
    if isinstance(shown, list) and isinstance(kept, list):
        return len(shown) == len(kept) and all(map(_same, shown, kept))
    if isinstance(shown, int | float) and isinstance(kept, str):
        return shown == float(kept)
    return bool(shown == kept)
