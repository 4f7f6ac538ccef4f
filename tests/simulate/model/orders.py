"""Orders and drafts: their lines, sums, numbers and events."""

from __future__ import annotations

from collections import Counter
from typing import Any

from kvitt.core.change import Change

from .violation import Violation

_MEMBERS = ("authorizations", "captures", "refunds", "cancellations")


class OrderBook:
    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], str] = {}
        """Whose a number is: an order's own id and the number it is known by."""
        self._drafts: dict[str, Any] = {}
        self._orders: dict[str, Any] = {}

    def order(self, account_id: str, before: Any, after: Any, version: int, change: Change) -> None:
        order = after["order"]
        id = order["id"]
        self._orders[id] = after
        for name in (id, order["order_id"]):
            if self._numbers.setdefault((account_id, name), id) != id:
                raise Violation("order-numbers-unique", f"{name} names two orders of {account_id}")
        if order["version"] != version:
            raise Violation("versions-rise-by-one", f"order {id} says version {order['version']}, it is {version}")
        if not any(event.object_id == id and event.object_type == "order" for event in change.events):
            raise Violation("change-tells-an-event", f"order {id} version {version} is told to nobody")
        if before is not None:
            self._forward(id, before["order"], order)
        self._lines(id, order)
        self._totals(id, order)

    def _forward(self, id: str, old: Any, new: Any) -> None:
        for member in ("items", *_MEMBERS):
            if new[member][: len(old[member])] != old[member]:
                raise Violation("forward-only", f"order {id}: its {member} were changed or taken back")
        if (old["status"] != "open" and new["status"] == "open") or new["order_id"] != old["order_id"]:
            raise Violation("forward-only", f"order {id} was {old['status']}, {old['order_id']}")

    def _lines(self, id: str, order: Any) -> None:
        """Amounts of a line have its sign, so everything is counted in the line's own direction."""
        sums: dict[str, Counter[int]] = {}
        for member in _MEMBERS:
            sums[member] = Counter()
            for operation in order[member]:
                if operation["success"]:
                    for part in operation["items"]:
                        sums[member][part["line_id"]] += part["amount"]
        for item in order["items"]:
            line, net = item["line_id"], item["net_amount"]
            sign = -1 if net < 0 else 1
            authorized, captured, refunded, cancelled = (sums[member][line] * sign for member in _MEMBERS)
            if not (0 <= authorized <= net * sign and captured >= 0 and cancelled >= 0 and 0 <= refunded <= captured):
                raise Violation(
                    "lines-in-bounds",
                    f"order {id} line {line} of {net}: {authorized}, {captured}, {refunded}, {cancelled}",
                )
            if captured + cancelled > authorized:
                raise Violation("lines-in-bounds", f"order {id} line {line}: {captured} + {cancelled} of {authorized}")
        received = sum(sums["captures"].values()) - sum(sums["refunds"].values())
        if received < 0:
            raise Violation("lines-in-bounds", f"order {id} gave back {-received} more than it received")

    def _totals(self, id: str, order: Any) -> None:
        gross = sum(item["gross_amount"] for item in order["items"])
        net = sum(item["net_amount"] for item in order["items"])
        if (order["gross_amount"], order["net_amount"], order["total_discount"]) != (gross, net, gross - net):
            raise Violation(
                "totals-are-sums",
                f"order {id}: {order['gross_amount']} and {order['net_amount']}, the lines {gross}, {net}",
            )
        for member in _MEMBERS:
            for operation in order[member]:
                if operation["amount"] != sum(part["amount"] for part in operation["items"]):
                    raise Violation("totals-are-sums", f"order {id}: {operation['amount']} of {operation['id']}")
        done = {
            member: sum(operation["amount"] for operation in order[member] if operation["success"])
            for member in _MEMBERS
        }
        expected = _payment_status(
            net - done["cancellations"], done["captures"], done["refunds"], bool(done["cancellations"])
        )
        if order["payment_status"] != expected:
            raise Violation("status-follows", f"order {id} is {order['payment_status']}; its operations say {expected}")

    def draft(self, before: Any, after: Any, version: int, change: Change) -> None:
        draft = after["draft"]
        id = draft["id"]
        self._drafts[id] = after
        if draft["version"] != version:
            raise Violation("versions-rise-by-one", f"draft {id} says version {draft['version']}, it is {version}")
        if before is not None and before["draft"]["status"] != "open":
            raise Violation("forward-only", f"draft {id} was {before['draft']['status']} and changed")
        if not any(event.object_id == id and event.object_type == "draft" for event in change.events):
            raise Violation("change-tells-an-event", f"draft {id} is told to nobody")

    def settled(self) -> None:
        """A completed draft stands on its order, and each order came from its drafts."""
        for id, record in self._drafts.items():
            for order_id in record.get("order_ids", ()):
                if id not in self._orders[order_id].get("draft_ids", ()):
                    raise Violation(
                        "acknowledged-stays", f"draft {id} is completed, and order {order_id} knows nothing of it"
                    )


def _payment_status(total: int, captured: int, refunded: int, cancelled: bool) -> str:
    if refunded > 0:
        return "refunded" if refunded >= captured else "partially_refunded"
    if captured > 0:
        return "paid" if captured >= total else "partially_paid"
    return "paid" if captured == 0 == total and not cancelled else "pending"
