"""What was done to an order and what is left of it, said once more over its plain JSON.

Everything is counted line by line in the line's own direction: of a line of -500 that is captured, 500 are captured.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

MEMBERS = ("authorizations", "captures", "refunds", "cancellations")
NAMES = ("authorized", "captured", "refunded", "cancelled")
VERBS = ("authorize", "capture", "refund", "cancel")
NAME_OF = dict(zip(MEMBERS, NAMES, strict=True))
VERB_OF = dict(zip(MEMBERS, VERBS, strict=True))


class Line:
    """One line: `sign` is its direction, `net` what it costs in it; then what was done in it."""

    __slots__ = ("authorized", "back", "cancelled", "captured", "net", "refunded", "sign", "target", "touched")

    def __init__(self, item: Any) -> None:
        net = item["net_amount"]
        self.sign = -1 if net < 0 else 1
        self.net = abs(net)
        self.target: int | None = item["related_item"]["line_id"] if net < 0 and "related_item" in item else None
        self.authorized = self.captured = self.refunded = self.cancelled = 0
        self.touched = False
        """An authorization named it."""
        self.back = 0
        """What lines that take it back have given back of it."""

    @property
    def waiting(self) -> int:
        """Authorized, and neither captured nor cancelled."""
        return self.authorized - self.captured - self.cancelled


def lines_of(order: Any, authorization: str | None = None) -> dict[int, Line]:
    """By line_id. With `authorization`: what it and the operations that name it did."""
    lines = {item["line_id"]: Line(item) for item in order["items"]}
    for member in MEMBERS:
        for operation in order[member]:
            of = operation["id"] if member == "authorizations" else operation.get("authorization_id")
            if operation["success"] and authorization in (None, of):
                for part in operation["items"]:
                    line = lines[part["line_id"]]
                    name = NAME_OF[member]
                    setattr(line, name, getattr(line, name) + part["amount"] * line.sign)
                    line.touched |= member == "authorizations"
    for line in lines.values():
        if line.target in lines:
            lines[line.target].back += line.captured - line.refunded
    return lines


def left_of(order: Any, multiple: bool, authorization: str | None = None) -> dict[int, dict[str, int]]:
    """By line_id and verb, with the sign of the line."""
    whole = lines_of(order)
    under = whole if authorization is None else lines_of(order, authorization)
    taken_back = {line.target for line in whole.values() if line.target is not None}
    is_open = order["status"] == "open"
    left = {}
    for id, line in whole.items():
        here = under[id]
        once = line.touched and not multiple
        capture, refund = here.waiting, here.captured - here.refunded
        if id in taken_back:
            refund = max(0, min(refund, line.captured - line.refunded - line.back))
        elif line.target is not None and (sold := whole[line.target]).refunded:
            capture = min(capture, max(0, sold.captured - sold.refunded - sold.back))
        left[id] = {
            "authorize": line.sign * (line.net - line.authorized) if is_open and not once else 0,
            "capture": line.sign * capture if is_open else 0,
            "refund": line.sign * refund,
            "cancel": line.sign * here.waiting if order["status"] != "closed" else 0,
        }
    return left


def held(order: Any) -> int:
    """Captured less refunded, of all lines together: less than nothing when it gave back more than it got."""
    return _signed(order, "captures") - _signed(order, "refunds")


def is_paid(order: Any) -> bool:
    """Whether it holds what it costs, and nothing waits to be captured: then a plan leaves it so."""
    waits = any(line.waiting for line in lines_of(order).values())
    return not waits and held(order) == order["net_amount"] > 0


def _signed(order: Any, member: str) -> int:
    return sum(part["amount"] for each in order[member] if each["success"] for part in each["items"])


def remaining(order: Any, multiple: bool) -> dict[str, Any]:
    """As an answer has to show it."""
    lines, left = lines_of(order), left_of(order, multiple)
    items = [
        {"line_id": id, **{name: getattr(line, name) * line.sign for name in NAMES}, "left": left[id]}
        for id, line in lines.items()
    ]
    whole: Counter[str] = Counter()
    for each in left.values():
        for verb in ("authorize", "capture", "cancel"):
            whole[verb] += each[verb]
        whole["refund"] += max(0, each["refund"])
    return {
        **{name: sum(item[name] for item in items) for name in NAMES},
        "left": {verb: min(max(0, held(order)), whole[verb]) if verb == "refund" else whole[verb] for verb in VERBS},
        "items": items,
    }


def payment_status(order: Any) -> str:
    captured, refunded, cancelled = (_signed(order, member) for member in ("captures", "refunds", "cancellations"))
    owed = sum(item["net_amount"] for item in order["items"]) - cancelled
    if refunded > 0:
        return "partially_refunded" if refunded < captured else "refunded"
    if captured > 0:
        return "partially_paid" if captured < owed else "paid"
    return "paid" if captured == owed == 0 and not cancelled else "pending"


def fault(order: Any) -> str | None:
    """Which bound an order is beyond, in words."""
    for id, line in lines_of(order).items():
        did = f"line {id} of {line.net}: {line.authorized}, {line.captured}, {line.refunded}, {line.cancelled}"
        if min(line.authorized, line.captured, line.refunded, line.cancelled) < 0:
            return did
        if not (line.captured + line.cancelled <= line.authorized <= line.net and line.refunded <= line.captured):
            return did
        if line.refunded and line.refunded + line.back > line.captured:
            return f"{did}; {line.back} of it was given back, too"
    if held(order) < 0:
        return f"{-held(order)} more was given back than was received"
    return None


def overtaken(order: Any, added: set[int]) -> str | None:
    """Whether the lines that were added take back more of a line than there is of it, in words."""
    lines = lines_of(order)
    for id, line in lines.items():
        backs = [other for other in lines.items() if other[1].target == id]
        taken = sum(back.net - back.cancelled - back.refunded for _, back in backs)
        if added.intersection(other for other, _ in backs) and taken > line.net - line.cancelled - line.refunded:
            return f"{taken} of line {id} is taken back, of {line.net}, {line.cancelled}, {line.refunded}"
    return None
