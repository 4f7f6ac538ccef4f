"""What the fast decoder lets pass and nothing behind it should meet.

A moment with an offset may lie outside the years 1 to 9999 in UTC, where no database can keep it. Decimals arrive
unbounded: `"NaN"` and `1e999999999` are decimals too, and arithmetic on them fails or never ends.
Members of any shape (metadata) arrive nested so deeply that writing them down again fails. Structs that hold such
members are looked over once they are decoded.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec import inspect as mi

MAX_EXPONENT = 30
MAX_DEPTH = 64

Finder = Callable[[Any], bool]

_SHAPES = bytes.maketrans(b"123456789.ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"0000000000abcdefghijklmnopqrstuvwxyz")
_EDGES = (b"0001-", b"9999-")
OFF = "lies before the year 1 or after the year 9999 in UTC"
"""What is wrong with such a moment."""
_SUSPECTS = (b"nan", b"inf", b"0e", b"0" * MAX_EXPONENT, b"\\u")


def may_be_odd(raw: bytes) -> bool:
    """A look at the bytes that spares nearly every body the walk: false only where no oddity can be.

    An odd decimal is spelled with letters, with an exponent or with very many digits, or hides behind an escape. A
    moment that is off stands in the first year or the last.
    """
    shape = raw.translate(_SHAPES)  # any digit is 0, letters are small
    if any(suspect in shape for suspect in _SUSPECTS) or any(edge in raw for edge in _EDGES):
        return True
    return raw.count(b"[") + raw.count(b"{") > MAX_DEPTH


def is_off(at: datetime) -> bool:
    """Whether the moment cannot be told in UTC."""
    if at.tzinfo is None:
        return False
    try:
        at.astimezone(UTC)
    except OverflowError:
        return True
    return False


def is_odd(number: Decimal) -> bool:
    """Not a number, infinite, or so large or fine that no amount or percentage can be meant."""
    return not number.is_finite() or (number != 0 and abs(number.adjusted()) > MAX_EXPONENT) or _too_fine(number)


def _too_fine(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return not isinstance(exponent, int) or abs(exponent) > MAX_EXPONENT


def bare(info: mi.Type) -> mi.Type:
    """The type without its description and examples."""
    while isinstance(info, mi.Metadata):
        info = info.type
    return info


def too_deep(value: Any, left: int = MAX_DEPTH) -> bool:
    """Whether arrays and objects are nested in one another more often than anybody means."""
    if isinstance(value, dict):
        return left == 0 or any(too_deep(inner, left - 1) for inner in value.values())
    if isinstance(value, list):
        return left == 0 or any(too_deep(inner, left - 1) for inner in value)
    return False


def oddity_finder(info: mi.Type) -> Finder | None:
    """A function that says whether a decoded value holds an oddity; None when its type leaves no room for one."""
    return _finder(info, {})


def _finder(info: mi.Type, known: dict[int, Finder | None]) -> Finder | None:
    info = bare(info)
    if isinstance(info, mi.DecimalType):
        return lambda value: isinstance(value, Decimal) and is_odd(value)
    if isinstance(info, mi.DateTimeType):
        return lambda value: isinstance(value, datetime) and is_off(value)
    if isinstance(info, mi.AnyType):
        return too_deep
    if isinstance(info, mi.UnionType):
        found = [f for f in (_finder(t, known) for t in info.types) if f is not None]
        return (lambda value: value is not None and any(f(value) for f in found)) if found else None
    if isinstance(info, mi.ListType | mi.VarTupleType | mi.SetType | mi.FrozenSetType):
        item = _finder(info.item_type, known)
        return (
            (lambda value: isinstance(value, list | tuple | set | frozenset) and any(map(item, value)))
            if item
            else None
        )
    if isinstance(info, mi.DictType):
        inner = _finder(info.value_type, known)
        return (lambda value: isinstance(value, dict) and any(map(inner, value.values()))) if inner else None
    if isinstance(info, mi.StructType):
        return _struct_finder(info, known)
    return None


def _struct_finder(info: mi.StructType, known: dict[int, Finder | None]) -> Finder | None:
    key = id(info.cls)
    if key not in known:
        known[key] = None  # a struct inside itself is not followed further
        members = [(f.name, found) for f in info.fields if (found := _finder(f.type, known)) is not None]
        cls = info.cls

        def find(value: Any) -> bool:
            return isinstance(value, cls) and any(found(getattr(value, name)) for name, found in members)

        known[key] = find if members else None
    return known[key]
