"""Orders and drafts as they are written: their lines, sums, statuses, numbers and events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..shopping import OF_DRAFTS
from . import left
from .violation import Violation

if TYPE_CHECKING:
    from ..database import Applied
    from ..requests import Try

_BECOMES = {"order.cancelled": "cancelled", "order.closed": "closed", "order.opened": "open"}
"""Which status an event leads to. Every other leaves it as it was."""
_MAY_BECOME = {"open": ("open", "closed", "cancelled"), "closed": ("closed", "open"), "cancelled": ("cancelled",)}
_TAKES = {
    "open": left.MEMBERS,
    "closed": ("refunds",),
    "cancelled": ("refunds", "cancellations"),
}
"""What may be registered on an order of each status with success."""
_SOLD = ("line_id", "id", "gross_amount", "net_amount", "tax_lines", "related_item", "reversed_reason")
"""Members of a line that nothing changes."""

Key = tuple[str, str]


class OrderBook:
    def __init__(self) -> None:
        self.orders: dict[Key, Any] = {}
        """As they stand, by account and id."""
        self.drafts: dict[Key, Any] = {}
        self.versions: dict[tuple[str, str, int], Any] = {}
        """Every version there was of each."""
        self.completions: dict[Key, tuple[int, tuple[Any, ...]]] = {}
        """By draft that was completed: the version it was completed at, and the orders that were written with it."""
        self.reached: set[str] = set()
        self._numbers: dict[Key, str] = {}
        """Whose a number is: an order's own id and the number it is known by."""
        self._reserved: dict[Key, str] = {}
        """Which draft a number was reserved for."""

    def committed(self, applied: Applied, documents: dict[tuple[str, str, str], tuple[Any, Any]]) -> None:
        """`documents`: by table, account and id: what was there before, and what is now."""
        change = applied.change
        for put in change.puts:
            if put.table not in ("orders", "drafts"):
                continue
            type = put.table.removesuffix("s")
            before, after = documents[put.table, put.account_id, put.id]
            version = put.version + 1
            shown = after[type]
            if shown["version"] != version:
                raise Violation("versions-rise-by-one", f"{type} {put.id} says {shown['version']}, it is {version}")
            told = [each for each in change.events if each.object_id == put.id and each.object_type == type]
            if len(told) != 1 or told[0].version != version:
                said = [(each.type, each.version) for each in told]
                raise Violation("change-tells-an-event", f"{type} {put.id} version {version} is told as {said}")
            self.versions[put.account_id, put.id, version] = shown
            _over_what_was_read(applied.attempt, type, put.version)
            if type == "order":
                self._order(put.account_id, before, after, told[0])
            else:
                self._draft(put.account_id, before, after, told[0])
        self._completion(documents)

    # orders

    def _order(self, account_id: str, before: Any, after: Any, event: Any) -> None:
        order = after["order"]
        id = order["id"]
        self.orders[account_id, id] = after
        for name in (id, order["order_id"]):
            if self._numbers.setdefault((account_id, name), id) != id:
                raise Violation("order-numbers-unique", f"{name} names two orders of {account_id}")
        if self._reserved.get((account_id, order["order_id"]), "") not in ("", *after.get("draft_ids", ())):
            raise Violation("order-numbers-unique", f"{order['order_id']} is reserved for a draft of another order")
        if before is not None and before["order"]["order_id"] != order["order_id"]:
            raise Violation("forward-only", f"order {id} was {before['order']['order_id']}")
        if after.get("removed"):
            _removed(id, before)
            return
        self.reached |= {f"order {order['status']}", f"payment {order['payment_status']}"}
        latest = after["history"]["events"][-1]
        if latest["version"] != order["version"] or latest["id"] != event.id:
            raise Violation("change-tells-an-event", f"order {id} tells of {latest['id']}, the log of {event.id}")
        old = before["order"] if before is not None else None
        if old is not None:
            _forward(id, old, order, event)
        _status(id, old, order, event)
        known = {item["line_id"] for item in old["items"]} if old is not None else set()
        added = {item["line_id"] for item in order["items"]} - known
        if wrong := left.fault(order) or left.overtaken(order, added):
            raise Violation("lines-in-bounds", f"order {id}: {wrong}")
        _totals(f"order {id}", order)
        for member in left.MEMBERS:
            for operation in order[member]:
                if operation["amount"] != sum(part["amount"] for part in operation["items"]):
                    raise Violation("totals-are-sums", f"order {id}: {operation['amount']} of {operation['id']}")

    # drafts

    def _draft(self, account_id: str, before: Any, after: Any, event: Any) -> None:
        draft = after["draft"]
        id = draft["id"]
        self.drafts[account_id, id] = after
        self.reached.add(f"draft {draft['status']}")
        if before is not None and before.get("removed"):
            raise Violation("forward-only", f"draft {id} was removed and changed")
        if after.get("removed"):
            self.reached.add("draft removed")
            return
        if before is not None and before["draft"]["status"] != "open":
            raise Violation("forward-only", f"draft {id} was {before['draft']['status']} and changed")
        latest = draft["events"][0]
        if latest["version"] != draft["version"] or latest["id"] != event.id:
            raise Violation("change-tells-an-event", f"draft {id} tells of {latest['id']}, the log of {event.id}")
        _totals(f"draft {id}", draft["order"])
        if after.get("reserved"):
            number = draft["order"]["order_id"]
            if self._reserved.setdefault((account_id, number), id) != id or (account_id, number) in self._numbers:
                raise Violation("order-numbers-unique", f"{number} is reserved for draft {id}, and somebody has it")

    def _completion(self, documents: dict[tuple[str, str, str], tuple[Any, Any]]) -> None:
        for (table, account_id, id), (_, after) in documents.items():
            if table == "drafts" and after["draft"]["status"] == "completed" and not after.get("removed"):
                orders = [documents.get(("orders", account_id, order), (None, None))[1] for order in after["order_ids"]]
                made = tuple(order for order in orders if order is not None and id in order.get("draft_ids", ()))
                if not made or len(made) != len(orders):
                    raise Violation("draft-completes-once", f"draft {id} is completed, and no order knows of it")
                self.completions[account_id, id] = (after["draft"]["version"] - 1, made)


def _over_what_was_read(attempt: Try | None, type: str, version: int) -> None:
    if attempt is None or attempt.request.expected is None:
        return
    of = "draft" if attempt.request.kind in OF_DRAFTS else "order"
    if of == type and attempt.request.expected != version:
        asked = attempt.request
        raise Violation("stale-is-refused", f"{asked.name} names version {asked.expected}, and was done on {version}")


def _removed(id: str, before: Any) -> None:
    """An order goes once its time is over, but not what was registered on it."""
    if before is None or before.get("removed"):
        raise Violation("forward-only", f"order {id} was removed and changed")
    if any(before["order"][member] for member in left.MEMBERS):
        raise Violation("forward-only", f"order {id} was removed with what was registered on it")


def _forward(id: str, old: Any, new: Any, event: Any) -> None:
    for member in left.MEMBERS:
        if new[member][: len(old[member])] != old[member]:
            raise Violation("forward-only", f"order {id}: its {member} were changed or taken back")
    if event.type == "order.replaced":
        if any(old[member] for member in left.MEMBERS):
            raise Violation("forward-only", f"order {id} was replaced with what was registered on it")
        return
    sold = [_sold(item) for item in old["items"]]
    if [_sold(item) for item in new["items"]][: len(sold)] != sold:
        raise Violation("forward-only", f"order {id}: its lines were changed or taken back")
    if len(new["items"]) > len(sold) and event.type != "order.lines_added":
        raise Violation("forward-only", f"order {id}: {event.type} added lines")


def _sold(item: Any) -> Any:
    return [item.get(name) for name in _SOLD]


def _status(id: str, old: Any, new: Any, event: Any) -> None:
    was = old["status"] if old is not None else "open"
    expected = _BECOMES.get(event.type, was)
    if new["status"] != expected:
        raise Violation("status-follows", f"order {id} is {new['status']}; its events say {expected}")
    if expected not in _MAY_BECOME[was]:
        raise Violation("forward-only", f"order {id} was {was} and is {expected}")
    if expected == "cancelled" and was != "cancelled" and left.held(new) != 0:
        raise Violation("status-follows", f"order {id} is cancelled, and holds {left.held(new)}")
    for member in left.MEMBERS:
        fresh = new[member][len(old[member]) if old is not None else 0 :]
        if any(operation["success"] for operation in fresh) and member not in _TAKES[was]:
            raise Violation("status-follows", f"order {id} is {was}, and takes {member}")
    if was != "open" and old is not None and len(new["items"]) != len(old["items"]):
        raise Violation("status-follows", f"order {id} is {was}, and takes lines")
    expected = left.payment_status(new)
    if new["payment_status"] != expected:
        raise Violation("status-follows", f"order {id} is {new['payment_status']}; its operations say {expected}")


def _totals(what: str, order: Any) -> None:
    gross = sum(item["gross_amount"] for item in order["items"])
    net = sum(item["net_amount"] for item in order["items"])
    if (order["gross_amount"], order["net_amount"], order["total_discount"]) != (gross, net, gross - net):
        raise Violation(
            "totals-are-sums", f"{what}: {order['gross_amount']} and {order['net_amount']}, the lines {gross}, {net}"
        )
