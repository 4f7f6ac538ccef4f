"""Those who work with drafts and orders: what they ask for next, of what is there now.

Most of it makes sense as things stand. Some asks too much, of the wrong thing, or of a version that is gone; and what
is there now may be another when the request arrives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from kvitt.core.reply import Reply
from kvitt.orders.model import Verb

from . import shopping
from .model import left
from .requests import Request

if TYPE_CHECKING:
    from .world import World

SHOPPING = {
    "create_draft": 6, "update_draft": 1.5, "add_item": 1.5, "update_item": 1, "remove_item": 0.7, "delete_draft": 0.7,
    "get_draft": 0.5, "complete_draft": 6, "preview": 3, "create_order": 1.5, "update_order": 1.5, "cancel_order": 1.2,
    "close_order": 1.2, "open_order": 1.5, "comment": 1.5, "uncomment": 1.5, "report": 1, "get_order": 1.5,
    "register": 16, "edit_order": 5, "return_again": 3,
}  # fmt: skip
"""What they do, and how often."""
PRICES = (0, 100, 24_900, 24_900)
STORES = ("north", "south")
_MEMBERS = (
    *("authorizations",) * 2, *("captures",) * 3, *("refunds",) * 2, "cancellations",
)  # fmt: skip


class Clerks:
    def __init__(self, world: World, next_reference: Callable[[str], str]) -> None:
        self._world = world
        self._next = next_reference

    # drafts

    def create_draft(self) -> Request | None:
        chance = self._world.chance
        if chance.once_in(0.4) and (key := self._order()) is not None:
            body = self._edit(self._world.document("orders", *key))
            return shopping.create_draft(key[0], body, self._next("draft"))
        options: dict[str, Any] = {"multiple_authorizations": chance.once_in(0.3)}
        order = self._content(self._lines(1))
        self._number(order, options)
        if chance.once_in(0.25) and "order_id" not in order:
            options["split_draft"] = True
        self._time_to_live(options)
        return shopping.create_draft(
            chance.one_of(self._world.accounts), {"order": order, "options": options}, self._next("draft")
        )

    def update_draft(self) -> Request | None:
        key = self._draft()
        if key is None:
            return None
        draft = self._world.document("drafts", *key)["draft"]
        lines = [*draft["order"]["items"], *self._lines(self._free_line(draft["order"]))]
        kept = [_as_sent(line) for line in lines if self._world.chance.once_in(0.7)] or [_as_sent(lines[-1])]
        order = self._content(kept, draft["order"]["currency"])
        if "order_id" in draft["order"] and self._world.chance.once_in(0.5):
            order["order_id"] = draft["order"]["order_id"]
        return shopping.update_draft(*key, {"order": order}, self._version(draft), self._next("update"))

    def add_item(self) -> Request | None:
        return self._with_item("item", shopping.add_item)

    def update_item(self) -> Request | None:
        return self._with_item("item", shopping.update_item, known=True)

    def _with_item(self, word: str, make: Callable[..., Request], *, known: bool = False) -> Request | None:
        key = self._draft()
        if key is None:
            return None
        draft = self._world.document("drafts", *key)["draft"]
        lines = draft["order"]["items"]
        line_id = self._free_line(draft["order"])
        if lines and known != self._world.chance.once_in(0.1):
            line_id = self._world.chance.one_of(lines)["line_id"]
        return make(*key, self._line(line_id), self._version(draft), self._next(word))

    def remove_item(self) -> Request | None:
        key = self._draft()
        if key is None:
            return None
        draft = self._world.document("drafts", *key)["draft"]
        lines = draft["order"]["items"]
        line_id = self._world.chance.one_of(lines)["line_id"] if lines else 1
        return shopping.remove_item(*key, line_id, self._version(draft), self._next("removal"))

    def delete_draft(self) -> Request | None:
        return self._about_draft("deletion", shopping.delete_draft)

    def complete_draft(self) -> Request | None:
        """Half of them look at a preview first, and then do as its plan says."""
        if self._world.chance.once_in(0.5):
            return self.preview()
        return self._about_draft("complete", shopping.complete_draft)

    def complete_again(self, request: Request) -> Request:
        """Somebody else, at the same time."""
        return shopping.complete_draft(request.account_id, request.about, None, self._next("complete"))

    def preview(self) -> Request | None:
        key = self._draft()
        if key is None:
            return None
        version = int(self._world.document("drafts", *key)["draft"]["version"])
        return self._look_and_complete(key, version - (1 if version > 1 and self._world.chance.once_in(0.1) else 0))

    def _look_and_complete(self, key: tuple[str, str], version: int) -> Request:
        chance = self._world.chance
        asked = shopping.preview(*key, version, self._next("preview"))

        def then(answer: Reply) -> Request | None:
            if answer.status != 200 or chance.once_in(0.2):
                return None
            named = version if chance.once_in(0.5) else None
            completing = shopping.complete_draft(*key, named, self._next("complete"))
            completing.then = lambda done: self._as_planned(key[0], answer, done)
            return completing

        asked.then = then
        return asked

    def _as_planned(self, account_id: str, previewed: Reply, done: Reply) -> Request | None:
        """The operations of a plan, one after the other."""
        if done.status != 200 or self._world.chance.once_in(0.2):
            return None
        body, orders = msgspec.json.decode(previewed.body), msgspec.json.decode(done.body)["orders"]
        if not orders:
            return None
        order = self._world.chance.one_of(orders)
        lines = {item["line_id"] for item in order["items"]}
        steps = []
        for verb, planned in ((Verb.AUTHORIZE, "authorize"), (Verb.CAPTURE, "capture"), (Verb.REFUND, "refund")):
            items = [each for each in body["plan"][planned]["items"] if each["line_id"] in lines]
            if items:
                steps.append((verb, items))
        return self._step(account_id, order["id"], steps, None)

    def _step(self, account_id: str, id: str, steps: list[Any], authorization: str | None) -> Request | None:
        if not steps:
            return self._capture_all(account_id, id, authorization)
        (verb, items), rest = steps[0], steps[1:]
        parts = [{"line_id": item["line_id"], "amount": item["amount"]} for item in items]
        named = items[0].get("authorization_id") or authorization
        body: dict[str, Any] = {"items": parts}
        if named is not None and verb is not Verb.AUTHORIZE:
            body = _under(named, parts)
        asked = shopping.register(account_id, id, verb, body, None, self._next(verb.value))

        def then(answer: Reply) -> Request | None:
            if answer.status != 200:
                return None
            made = msgspec.json.decode(answer.body)["id"] if verb is Verb.AUTHORIZE else authorization
            return self._step(account_id, id, rest, made)

        asked.then = then
        return asked

    def _capture_all(self, account_id: str, id: str, authorization: str | None) -> Request | None:
        """At times: whatever is authorized."""
        record = self._world.document("orders", account_id, id)
        several = bool(record.get("multiple_authorizations"))
        if self._world.chance.once_in(0.4) or (several and authorization is None):
            return None
        left_here = left.left_of(record["order"], several, authorization if several else None)
        parts = [{"line_id": line, "amount": each["capture"]} for line, each in left_here.items() if each["capture"]]
        if not parts:
            return None
        body = _under(authorization, parts) if several and authorization is not None else {"items": parts}
        return shopping.register(account_id, id, Verb.CAPTURE, body, None, self._next("captures"))

    def get_draft(self) -> Request | None:
        key = self._draft()
        return None if key is None else shopping.get_draft(*key, self._next("look"))

    # orders

    def create_order(self) -> Request | None:
        chance = self._world.chance
        order, options = self._content(self._lines(1)), {"multiple_authorizations": chance.once_in(0.3)}
        self._number(order, options)
        self._time_to_live(options)
        return shopping.create_order(
            chance.one_of(self._world.accounts), {"order": order, "options": options}, self._next("order")
        )

    def update_order(self) -> Request | None:
        key = self._order()
        if key is None:
            return None
        order, chance, reference = self._world.document("orders", *key)["order"], self._world.chance, self._next("put")
        body: dict[str, Any] = {"courier_id": reference}
        if order["items"] and chance.once_in(0.5):
            body["items"] = [{"line_id": chance.one_of(order["items"])["line_id"], "status": reference}]
        if chance.once_in(0.15):
            body["net_amount"] = order["net_amount"] + 1
        return shopping.update_order(key[0], self._name(order), body, self._version(order), reference)

    def cancel_order(self) -> Request | None:
        return self._about_order("cancel", shopping.cancel_order)

    def close_order(self) -> Request | None:
        return self._about_order("close", shopping.close_order)

    def open_order(self) -> Request | None:
        return self._about_order("open", shopping.open_order, "closed", "cancelled")

    def comment(self) -> Request | None:
        return self._about_order("comment", shopping.comment)

    def uncomment(self) -> Request | None:
        key = self._order(lambda record: bool(record["order"].get("comments")))
        if key is None:
            return None
        order = self._world.document("orders", *key)["order"]
        comments = order.get("comments") or [{"id": "none"}]
        id = self._world.chance.one_of(comments)["id"]
        return shopping.uncomment(key[0], self._name(order), id, self._version(order), self._next("uncomment"))

    def report(self) -> Request | None:
        key = self._order()
        if key is None:
            return None
        chance, name = self._world.chance, self._name(self._world.document("orders", *key)["order"])
        state = chance.one_of(("success", "success", "pending", "failure"))
        return shopping.report(key[0], name, chance.one_of(("kitchen", "courier")), state, self._next("report"))

    def get_order(self) -> Request | None:
        key = self._order()
        if key is None:
            return None
        return shopping.get_order(key[0], self._name(self._world.document("orders", *key)["order"]), self._next("look"))

    def register(self) -> Request | None:
        """Mostly what is left of some lines, or of all; at times a little more, or what they cost."""
        key = self._order(lambda record: record["order"]["status"] == "open")
        if key is None:
            return None
        chance, record = self._world.chance, self._world.document("orders", *key)
        order, several = record["order"], bool(record.get("multiple_authorizations"))
        if not order["items"]:
            return None
        authorizations = [each["id"] for each in order["authorizations"] if each["success"] or chance.once_in(0.1)]
        named = chance.one_of(authorizations) if several and authorizations else None
        whole, under = left.left_of(order, several), left.left_of(order, several, named)
        able = [
            member
            for member in _MEMBERS
            if any(each[left.VERB_OF[member]] for each in (whole if member == "authorizations" else under).values())
        ]
        member = chance.one_of(able if able and chance.once_in(0.85) else _MEMBERS)
        rest = {id: each[left.VERB_OF[member]] for id, each in (whole if member == "authorizations" else under).items()}
        if chance.once_in(0.2):  # as if nothing had happened yet
            item = chance.one_of(order["items"])
            rest = {item["line_id"]: item["net_amount"]}
        some = [id for id, amount in rest.items() if amount and chance.once_in(0.8)] or [chance.one_of(sorted(rest))]
        how = chance.below(10)
        parts = [{"line_id": id, "amount": _part(how, rest[id])} for id in some]
        body: dict[str, Any] = {"items": parts}
        if named is not None and member != "authorizations":
            body = _under(named, parts)
        if chance.once_in(0.08):
            body["success"] = False
        verb = Verb(member)
        expected = self._version(order) if chance.once_in(0.3) else None
        return shopping.register(key[0], self._name(order), verb, body, expected, self._next(verb.value))

    def edit_order(self) -> Request | None:
        """A draft about an order that is paid, as a whole: made, previewed, completed, its plan done."""
        key = self._order(lambda record: record["order"]["status"] == "open" and bool(record["order"]["captures"]))
        if key is None:
            return None
        body = self._edit(self._world.document("orders", *key))
        asked = shopping.create_draft(key[0], body, self._next("draft"))

        def then(answer: Reply) -> Request | None:
            if answer.status != 200:
                return None
            return self._look_and_complete((key[0], msgspec.json.decode(answer.body)["id"]), 1)

        asked.then = then
        return asked

    def return_again(self) -> Request | None:
        """A refund of what was given back by a reversal already, as when two desks take the same thing back."""
        key = self._order(lambda record: any(line.back for line in left.lines_of(record["order"]).values()))
        if key is None:
            return None
        record = self._world.document("orders", *key)
        lines = [(id, line) for id, line in left.lines_of(record["order"]).items() if line.back and line.captured]
        if not lines:
            return None
        id, line = self._world.chance.one_of(lines)
        body: dict[str, Any] = {"items": [{"line_id": id, "amount": max(1, line.captured - line.refunded)}]}
        if record.get("multiple_authorizations"):
            body["authorization_id"] = self._world.chance.one_of(record["order"]["authorizations"])["id"]
        name = self._name(record["order"])
        return shopping.register(key[0], name, Verb.REFUND, body, None, self._next("refunds"))

    # what they say

    def _edit(self, record: Any) -> Any:
        """Lines to add to an order, some of which take others back; or what is to take its place."""
        chance, order = self._world.chance, record["order"]
        options = {"order_id": self._name(order)}
        if chance.once_in(0.15):
            options["replace"] = "order"
            return {"order": self._content(self._lines(1), order["currency"]), "options": options}
        first = self._free_line(order)
        lines = self._lines(first)[: chance.below(3)]
        sold = [item for item in order["items"] if item["net_amount"] > 0]
        for place, line in enumerate(item for item in sold if chance.once_in(0.5)):
            net = line["net_amount"]
            gross = -chance.one_of((net, net, max(1, net // 2), net + (1 if chance.once_in(0.3) else 0)))
            back = self._line(first + 10 + place, gross)
            back |= {"reversed_reason": "returned"}
            if chance.once_in(0.85):
                back["related_item"] = {"line_id": line["line_id"], "type": "reversed"}
            lines.append(back)
            if chance.once_in(0.4):
                lines.append(self._line(first + 20 + place, chance.one_of((-gross, -gross, -gross // 2, -gross * 2))))
        return {"order": self._content(lines or self._lines(first), order["currency"]), "options": options}

    def _content(self, lines: list[Any], currency: str = "NOK") -> dict[str, Any]:
        return {"currency": currency, "items": lines, "store": {"id": self._world.chance.one_of(STORES)}}

    def _lines(self, first: int) -> list[Any]:
        return [self._line(first + place) for place in range(1 + self._world.chance.below(3))]

    def _line(self, line_id: int, gross: int | None = None) -> dict[str, Any]:
        chance = self._world.chance
        gross = chance.one_of(PRICES) if gross is None else gross
        line: dict[str, Any] = {"line_id": line_id, "id": "thing", "gross_amount": gross, "tax_lines": []}
        if gross > 0 and chance.once_in(0.2):
            line["discount_lines"] = [{"amount": gross // 10, "percentage": 10, "discount_type": "manual"}]
        if chance.once_in(0.3):
            line |= {"quantity": chance.one_of((2, 0.5)), "store": {"id": chance.one_of(STORES)}}
        return line

    def _number(self, order: dict[str, Any], options: dict[str, Any]) -> None:
        """Where the order's number comes from."""
        chance = self._world.chance
        match chance.below(6):
            case 0 | 1:
                order["order_id"], options["split_draft"] = f"order-{chance.below(5)}", False
            case 2 | 3 as which:
                options["generate_order_id"] = ("ALPHANUMERIC_9", "ALPHANUMERIC_9_RESERVE")[which - 2]
            case 4:
                options["serial_order_number_suffix"] = chance.one_of(("-A", "-B"))

    def _time_to_live(self, options: dict[str, Any]) -> None:
        """Seconds, at times."""
        if self._world.chance.once_in(0.12):
            options["order_time_to_live"] = self._world.chance.one_of((60, 600, 3600))

    def _free_line(self, order: Any) -> int:
        return 1 + max((int(item["line_id"]) for item in order["items"]), default=0)

    def _version(self, document: Any) -> int | None:
        """That a change is made over: the latest, mostly nothing, seldom one that is gone."""
        chance, version = self._world.chance, int(document["version"])
        if chance.once_in(0.1) and version > 1:
            return version - 1
        return version if chance.once_in(0.35) else None

    def _name(self, order: Any) -> str:
        return str(order["order_id"] if self._world.chance.once_in(0.5) else order["id"])

    # what they work with

    def _about_draft(self, word: str, make: Callable[..., Request]) -> Request | None:
        key = self._draft()
        if key is None:
            return None
        return make(*key, self._version(self._world.document("drafts", *key)["draft"]), self._next(word))

    def _about_order(self, word: str, make: Callable[..., Request], *statuses: str) -> Request | None:
        key = self._order(lambda record: record["order"]["status"] in (statuses or ("open",)))
        if key is None:
            return None
        order = self._world.document("orders", *key)["order"]
        return make(key[0], self._name(order), self._version(order), self._next(word))

    def _draft(self) -> tuple[str, str] | None:
        """Mostly one of the latest that is still open."""
        return self._one("drafts", self._world.drafts, lambda record: record["draft"]["status"] == "open")

    def _order(self, able: Callable[[Any], bool] = lambda _: True) -> tuple[str, str] | None:
        """Mostly one of the latest that is `able`."""
        return self._one("orders", self._world.orders, able)

    def _one(self, table: str, known: list[tuple[str, str]], able: Callable[[Any], bool]) -> tuple[str, str] | None:
        if not known:
            return None
        chance = self._world.chance
        if chance.once_in(0.9):
            known = [key for key in known[-10:] if able(self._world.document(table, *key))]
            if not known:
                return None
        return chance.one_of(known[-4:]) if chance.once_in(0.8) else chance.one_of(known)


def _as_sent(line: Any) -> Any:
    """A line as it was kept, as a caller sends it again: decimals are numbers."""
    sent = {name: value for name, value in line.items() if name != "version"}
    if "quantity" in sent:
        sent["quantity"] = float(sent["quantity"])
    if "discount_lines" in sent:
        sent["discount_lines"] = [{**each, "percentage": float(each["percentage"])} for each in line["discount_lines"]]
    return sent


def _under(authorization: str, parts: list[Any]) -> dict[str, Any]:
    return {"items": parts, "authorization_id": authorization}


def _part(how: int, rest: int) -> int:
    """Of ten: half take all, some a part, one a little more."""
    if how == 9:
        return rest + (1 if rest >= 0 else -1)
    return rest if how < 5 else rest // 2 if rest >= 0 else -(-rest // 2)
