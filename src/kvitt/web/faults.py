"""The second look at a body that the strict decoder refused: mend what may be mended, name every fault.

`fix` walks the parsed JSON beside the type's description and answers the tree to decode again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from msgspec import inspect as mi

from kvitt.core.errors import Problem, problem
from kvitt.web.decimals import bare, is_odd

FLOAT_NOISE = Decimal("0.000001")
"""A client that computes in floats sends 29989.999999999996 for 29990; half an øre is not noise."""

_MAX_DIGITS = 20


class Faults:
    """All that is wrong, in the order it was met."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, path: str, what: str) -> None:
        self.problems.append(problem(f"{path} {what}" if path else f"the body {what}", path or None))


def fix(value: Any, info: mi.Type, path: str, faults: Faults) -> Any:
    """The value, mended where that is safe; what cannot be mended is added to `faults`."""
    info = bare(info)
    fixer = _FIXERS.get(type(info))
    return value if fixer is None else fixer(value, info, path, faults)


def json_kind(value: Any) -> str:
    """What a person calls it."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "a whole number"
        case Decimal() | float():
            return "a number with a fraction"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def _fix_struct(value: Any, info: mi.StructType, path: str, faults: Faults) -> Any:
    if not isinstance(value, dict):
        faults.add(path, f"must be an object, not {json_kind(value)}")
        return value
    fixed = dict(value)
    for field in info.fields:
        name = field.encode_name
        inner = f"{path}.{name}" if path else name
        if name not in value:
            if field.required:
                faults.add(inner, "is required")
        elif value[name] is None and not field.required and not _accepts_null(field.type):
            del fixed[name]
        else:
            fixed[name] = fix(value[name], field.type, inner, faults)
    return fixed


def _fix_list(value: Any, info: Any, path: str, faults: Faults) -> Any:
    if not isinstance(value, list):
        faults.add(path, f"must be an array, not {json_kind(value)}")
        return value
    _check_length(len(value), info, path, faults, "items")
    start = f"{path}." if path else ""
    return [fix(item, info.item_type, f"{start}{index}", faults) for index, item in enumerate(value)]


def _fix_dict(value: Any, info: mi.DictType, path: str, faults: Faults) -> Any:
    if not isinstance(value, dict):
        faults.add(path, f"must be an object, not {json_kind(value)}")
        return value
    _check_length(len(value), info, path, faults, "members")
    start = f"{path}." if path else ""
    return {key: fix(item, info.value_type, f"{start}{key}", faults) for key, item in value.items()}


def _fix_int(value: Any, info: mi.IntType, path: str, faults: Faults) -> Any:
    if isinstance(value, Decimal):
        if value.adjusted() > _MAX_DIGITS:
            faults.add(path, "is out of range")
            return value
        whole = value.to_integral_value()
        if abs(value - whole) >= FLOAT_NOISE:
            faults.add(path, "must be a whole number, not one with a fraction")
            return value
        value = int(whole)
    if not isinstance(value, int) or isinstance(value, bool):
        faults.add(path, f"must be a whole number, not {json_kind(value)}")
        return value
    _check_bounds(value, info, path, faults)
    return value


def _fix_float(value: Any, info: mi.FloatType, path: str, faults: Faults) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        faults.add(path, f"must be a number, not {json_kind(value)}")
    elif isinstance(value, Decimal) and value.adjusted() > 300:
        faults.add(path, "is out of range")
    else:
        _check_bounds(value, info, path, faults)
    return value


def _fix_decimal(value: Any, info: mi.DecimalType, path: str, faults: Faults) -> Any:
    number = value
    if isinstance(value, str):
        try:
            number = Decimal(value)
        except ArithmeticError:
            faults.add(path, "must be a decimal number")
            return value
    if isinstance(number, bool) or not isinstance(number, int | Decimal):
        faults.add(path, f"must be a decimal number, not {json_kind(value)}")
    elif is_odd(Decimal(number)):
        faults.add(path, "is out of range")
    return value


def _fix_str(value: Any, info: mi.StrType, path: str, faults: Faults) -> Any:
    if not isinstance(value, str):
        faults.add(path, f"must be a string, not {json_kind(value)}")
        return value
    _check_length(len(value), info, path, faults, "characters")
    if info.pattern is not None and not re.search(info.pattern, value):
        faults.add(path, f"must match {info.pattern}")
    return value


def _fix_bool(value: Any, info: mi.BoolType, path: str, faults: Faults) -> Any:
    if not isinstance(value, bool):
        faults.add(path, f"must be true or false, not {json_kind(value)}")
    return value


def _fix_choice(value: Any, info: Any, path: str, faults: Faults) -> Any:
    values = [member.value for member in info.cls] if isinstance(info, mi.EnumType) else list(info.values)
    if not any(type(value) is type(known) and value == known for known in values):
        shown = ", ".join(str(known) for known in values)
        faults.add(path, f"must be one of: {shown}")
    return value


def _fix_null(value: Any, info: mi.NoneType, path: str, faults: Faults) -> Any:
    if value is not None:
        faults.add(path, "must be null")
    return value


def _fix_text(value: Any, info: Any, path: str, faults: Faults) -> Any:
    """Dates, times, UUIDs: strings of a form; the decoder knows it."""
    if not isinstance(value, str):
        faults.add(path, f"must be a string, not {json_kind(value)}")
        return value
    type_, words = _TEXTS[type(info)]
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError:
        faults.add(path, f"must be {words}")
    return value


def _fix_union(value: Any, info: mi.UnionType, path: str, faults: Faults) -> Any:
    if value is None and _accepts_null(info):
        return None
    members = [bare(member) for member in info.types if not isinstance(member, mi.NoneType)]
    fitting = [member for member in members if _fits(value, member)]
    structs = [m for m in fitting if isinstance(m, mi.StructType)]
    if len(structs) > 1:
        return _fix_tagged(value, structs, path, faults)
    if fitting:
        return fix(value, fitting[0], path, faults)
    if len(members) == 1:
        return fix(value, members[0], path, faults)
    names = " or ".join(dict.fromkeys(_words(member) for member in members))
    faults.add(path, f"must be {names}, not {json_kind(value)}")
    return value


def _fix_tagged(value: dict[str, Any], structs: list[mi.StructType], path: str, faults: Faults) -> Any:
    field = structs[0].tag_field or "type"
    for struct in structs:
        if value.get(field) == struct.tag:
            return fix(value, struct, path, faults)
    shown = ", ".join(str(struct.tag) for struct in structs)
    faults.add(f"{path}.{field}" if path else field, f"must be one of: {shown}")
    return value


def _accepts_null(info: mi.Type) -> bool:
    info = bare(info)
    if isinstance(info, mi.UnionType):
        return info.includes_none
    return isinstance(info, mi.NoneType | mi.AnyType | mi.RawType)


def _fits(value: Any, info: mi.Type) -> bool:
    """Whether this member of a union is the one that was meant, judged by the kind of JSON alone."""
    match value:
        case bool():
            return isinstance(info, mi.BoolType | mi.AnyType | mi.RawType)
        case int() | Decimal():
            return isinstance(info, mi.IntType | mi.FloatType | mi.DecimalType | mi.AnyType | mi.RawType)
        case str():
            return isinstance(info, mi.StrType | mi.LiteralType | mi.EnumType | mi.AnyType | mi.RawType) or (
                type(info) in _TEXTS or isinstance(info, mi.DecimalType)
            )
        case list():
            return isinstance(info, (*_LISTS, mi.AnyType, mi.RawType))
        case _:
            return isinstance(info, mi.StructType | mi.DictType | mi.AnyType | mi.RawType)


def _words(info: mi.Type) -> str:
    return _NAMES.get(type(info), "an object")


def _check_bounds(value: int | Decimal, info: Any, path: str, faults: Faults) -> None:
    if info.ge is not None and value < info.ge:
        faults.add(path, f"must be at least {info.ge}")
    elif info.gt is not None and value <= info.gt:
        faults.add(path, f"must be more than {info.gt}")
    elif info.le is not None and value > info.le:
        faults.add(path, f"must be at most {info.le}")
    elif info.lt is not None and value >= info.lt:
        faults.add(path, f"must be less than {info.lt}")
    elif info.multiple_of is not None and value % info.multiple_of:
        faults.add(path, f"must be a multiple of {info.multiple_of}")


def _check_length(length: int, info: Any, path: str, faults: Faults, unit: str) -> None:
    if info.min_length is not None and length < info.min_length:
        faults.add(path, f"must have at least {info.min_length} {unit}")
    elif info.max_length is not None and length > info.max_length:
        faults.add(path, f"must have at most {info.max_length} {unit}")


_LISTS = (mi.ListType, mi.VarTupleType, mi.SetType, mi.FrozenSetType)
_TEXTS: dict[type[mi.Type], tuple[Any, str]] = {
    mi.DateTimeType: (datetime, "a date and time such as 2026-11-23T12:00:00Z"),
    mi.DateType: (date, "a date such as 2026-11-23"),
    mi.TimeType: (time, "a time such as 12:00:00"),
    mi.UUIDType: (UUID, "a UUID"),
}
_NAMES: dict[type[mi.Type], str] = {
    mi.IntType: "a whole number",
    mi.FloatType: "a number",
    mi.DecimalType: "a decimal number",
    mi.StrType: "a string",
    mi.LiteralType: "a string",
    mi.EnumType: "a string",
    mi.BoolType: "true or false",
    **dict.fromkeys(_LISTS, "an array"),
    **{info: words for info, (_, words) in _TEXTS.items()},
}
_FIXERS: dict[type[mi.Type], Callable[[Any, Any, str, Faults], Any]] = {
    mi.StructType: _fix_struct,
    mi.DictType: _fix_dict,
    mi.IntType: _fix_int,
    mi.FloatType: _fix_float,
    mi.DecimalType: _fix_decimal,
    mi.StrType: _fix_str,
    mi.BoolType: _fix_bool,
    mi.LiteralType: _fix_choice,
    mi.EnumType: _fix_choice,
    mi.NoneType: _fix_null,
    mi.UnionType: _fix_union,
    **dict.fromkeys(_LISTS, _fix_list),
    **dict.fromkeys((mi.DateTimeType, mi.DateType, mi.TimeType, mi.UUIDType), _fix_text),
}
