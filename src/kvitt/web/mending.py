"""The second look at a body that the strict decoder refused: mend what may be mended, name every fault.

`fix` walks the parsed JSON beside the type's description and answers the tree to decode again.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from msgspec import inspect as mi

from kvitt.web.faults import Faults, json_kind
from kvitt.web.leaves import LEAVES, TEXTS, check_length
from kvitt.web.oddities import bare


def fix(value: Any, info: mi.Type, path: str, faults: Faults) -> Any:
    """The value, mended where that is safe; what cannot be mended is added to `faults`."""
    info = bare(info)
    fixer = _FIXERS.get(type(info))
    return value if fixer is None else fixer(value, info, path, faults)


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
    check_length(len(value), info, path, faults, "items")
    start = f"{path}." if path else ""
    return [fix(item, info.item_type, f"{start}{index}", faults) for index, item in enumerate(value)]


def _fix_dict(value: Any, info: mi.DictType, path: str, faults: Faults) -> Any:
    if not isinstance(value, dict):
        faults.add(path, f"must be an object, not {json_kind(value)}")
        return value
    check_length(len(value), info, path, faults, "members")
    start = f"{path}." if path else ""
    return {key: fix(item, info.value_type, f"{start}{key}", faults) for key, item in value.items()}


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
                type(info) in TEXTS or isinstance(info, mi.DecimalType)
            )
        case list():
            return isinstance(info, (*_LISTS, mi.AnyType, mi.RawType))
        case _:
            return isinstance(info, mi.StructType | mi.DictType | mi.AnyType | mi.RawType)


def _words(info: mi.Type) -> str:
    return _NAMES.get(type(info), "an object")


_LISTS = (mi.ListType, mi.VarTupleType, mi.SetType, mi.FrozenSetType)

_NAMES: dict[type[mi.Type], str] = {
    mi.IntType: "a whole number",
    mi.FloatType: "a number",
    mi.DecimalType: "a decimal number",
    mi.StrType: "a string",
    mi.LiteralType: "a string",
    mi.EnumType: "a string",
    mi.BoolType: "true or false",
    **dict.fromkeys(_LISTS, "an array"),
    **{info: words for info, (_, words) in TEXTS.items()},
}

_FIXERS: dict[type[mi.Type], Callable[[Any, Any, str, Faults], Any]] = {
    **LEAVES,
    mi.StructType: _fix_struct,
    mi.DictType: _fix_dict,
    mi.UnionType: _fix_union,
    **dict.fromkeys(_LISTS, _fix_list),
}
