"""The second look at single values: mended where that is safe, else named as faults."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from msgspec import inspect as mi

from kvitt.web.faults import Faults, json_kind
from kvitt.web.oddities import OFF, is_odd, is_off

FLOAT_NOISE = Decimal("0.000001")
"""A client that computes in floats sends 29989.999999999996 for 29990; half an øre is not noise."""

_MAX_DIGITS = 20

TEXTS: dict[type[mi.Type], tuple[Any, str]] = {
    mi.DateTimeType: (datetime, "a date and time such as 2026-11-23T12:00:00Z"),
    mi.DateType: (date, "a date such as 2026-11-23"),
    mi.TimeType: (time, "a time such as 12:00:00"),
    mi.UUIDType: (UUID, "a UUID"),
}


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
    check_length(len(value), info, path, faults, "characters")
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
    type_, words = TEXTS[type(info)]
    try:
        known = msgspec.convert(value, type_)
    except msgspec.ValidationError:
        faults.add(path, f"must be {words}")
    else:
        if isinstance(known, datetime) and is_off(known):
            faults.add(path, OFF)
    return value


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


def check_length(length: int, info: Any, path: str, faults: Faults, unit: str) -> None:
    if info.min_length is not None and length < info.min_length:
        faults.add(path, f"must have at least {info.min_length} {unit}")
    elif info.max_length is not None and length > info.max_length:
        faults.add(path, f"must have at most {info.max_length} {unit}")


LEAVES: dict[type[mi.Type], Callable[[Any, Any, str, Faults], Any]] = {
    mi.IntType: _fix_int,
    mi.FloatType: _fix_float,
    mi.DecimalType: _fix_decimal,
    mi.StrType: _fix_str,
    mi.BoolType: _fix_bool,
    mi.LiteralType: _fix_choice,
    mi.EnumType: _fix_choice,
    mi.NoneType: _fix_null,
    **dict.fromkeys(TEXTS, _fix_text),
}
