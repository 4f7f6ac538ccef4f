"""The shop's checkboxes, as the customer left them when they paid.

A payment that says nothing of them leaves them as the shop made them: a client that pays without a page asks its
customer itself. One that says anything of them speaks of all: a box that it does not name is not ticked.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator

from msgspec.structs import replace

from kvitt.checkout.model.session import Checkbox, SessionRecord, Tick
from kvitt.checkout.rules.refusals import InvalidCheckboxes
from kvitt.core.change import Row
from kvitt.core.errors import Problem, problem


def ticked(row: Row[SessionRecord], ticks: tuple[Tick, ...] | None) -> Row[SessionRecord]:
    """The session with its boxes as the customer left them, or InvalidCheckboxes with every fault."""
    session = row.doc.session
    if ticks is None or (not ticks and not session.checkboxes):
        return row
    boxes, strangers = _matched(session.checkboxes or (), ticks)
    faults = [problem("The session has no such checkbox", f"checkboxes.{place}.id") for place in strangers]
    faults += _unticked(boxes, ticks)
    if faults:
        raise InvalidCheckboxes("The session cannot be paid with these checkboxes", *faults)
    return Row(row.version, replace(row.doc, session=replace(session, checkboxes=boxes)))


def _matched(boxes: tuple[Checkbox, ...], ticks: tuple[Tick, ...]) -> tuple[tuple[Checkbox, ...], list[int]]:
    """The boxes, and the places of ticks that are of none. 1 and "1" name the same box; where a shop gave several boxes
    one id, its first mention is of the first of them."""
    said: defaultdict[str, deque[int]] = defaultdict(deque)
    for place, tick in enumerate(ticks):
        said[str(tick.id)].append(place)
    left = []
    for box in boxes:
        mentions = said[str(box.id)]
        left.append(replace(box, checked=bool(mentions) and ticks[mentions.popleft()].checked))
    return tuple(left), sorted(place for mentions in said.values() for place in mentions)


def _unticked(boxes: tuple[Checkbox, ...], ticks: tuple[Tick, ...]) -> Iterator[Problem]:
    """The required ones that are not ticked: at their place in the request, where they have one."""
    places = {str(tick.id): place for place, tick in enumerate(ticks)}
    for box in boxes:
        if box.required and not box.checked:
            place = places.get(str(box.id))
            path = "checkboxes" if place is None else f"checkboxes.{place}.checked"
            yield problem("This checkbox has to be ticked", path, id=str(box.id))
