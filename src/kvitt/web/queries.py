"""From a query string to its struct. Every fault names its parameter; what no member asks for is ignored."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from msgspec import inspect as mi

from kvitt.core.errors import InvalidRequest, problem
from kvitt.web.faults import Faults
from kvitt.web.leaves import LEAVES
from kvitt.web.oddities import OFF, bare, is_off

_MAX_FIELDS = 200
_BRACKETS = re.compile(r"\[[0-9]{0,4}\]\Z", re.ASCII)


class QueryDecoder:
    """Decodes query strings (and form bodies) into `type`. A parameter that is repeated fills a list member."""

    def __init__(self, type: type[msgspec.Struct]) -> None:
        hints = get_type_hints(type, include_extras=True)
        info = msgspec.inspect.type_info(type)
        assert isinstance(info, mi.StructType)  # noqa: S101  Route.query is a struct
        self._type = type
        self._fields = {f.encode_name: (f.name, hints[f.name], _takes_list(f.type)) for f in info.fields}
        self._types = {f.encode_name: f.type for f in info.fields}
        self._moments = {f.encode_name for f in info.fields if _has(f.type, mi.DateTimeType)}
        self._required = [f.encode_name for f in info.fields if f.required]
        self._nothing = None if self._required else type()

    def __call__(self, query: str) -> Any:
        if not query and self._nothing is not None:
            return self._nothing
        given = self._without_brackets(_collect(query))
        faults = [f"{name} is required" for name in self._required if name not in given]
        values: dict[str, Any] = {}
        for name, texts in given.items():
            if name in self._fields:
                self._convert(name, texts, values, faults)
        if faults:
            raise InvalidRequest(faults[0], *map(problem, faults))
        try:
            return self._type(**values)
        except ValueError as error:  # a struct's own __post_init__
            raise InvalidRequest(str(error), problem(str(error))) from None

    def _without_brackets(self, given: dict[str, list[str]]) -> dict[str, list[str]]:
        """Lists as PHP and others spell them: `id[]=A&id[]=B` and `id[0]=A&id[1]=B` are `id=A&id=B`."""
        for name in [name for name in given if name.endswith("]")]:
            field = _BRACKETS.sub("", name)
            if name not in self._fields and field in self._fields and self._fields[field][2]:
                given.setdefault(field, []).extend(given.pop(name))
        return given

    def _convert(self, name: str, texts: list[str], values: dict[str, Any], faults: list[str]) -> None:
        attribute, hint, takes_list = self._fields[name]
        if len(texts) > 1 and not takes_list:
            faults.append(f"{name} is given more than once")
            return
        if texts == [""] and name not in self._required and not takes_list:
            return
        try:
            # Not strict, "20260701" would be a moment of 1970: seconds.
            value = msgspec.convert(texts if takes_list else texts[0], hint, strict=name in self._moments)
        except msgspec.ValidationError as error:
            faults.append(_said(name, texts, self._types[name]) or f"{name}: {str(error).split(' - at ')[0]}")
            return
        if value is None:  # what msgspec takes the text "null" for
            faults.append(f"{name}: {texts[0]!r} is no value")
            return
        if isinstance(value, datetime) and is_off(value):
            faults.append(f"{name}: {OFF}")
            return
        values[attribute] = value


def _collect(query: str) -> dict[str, list[str]]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise InvalidRequest(f"the query is not UTF-8, or has more than {_MAX_FIELDS} parameters") from None
    given: dict[str, list[str]] = {}
    for name, text in pairs:
        given.setdefault(name, []).append(text)
    return given


def _takes_list(info: mi.Type) -> bool:
    return _has(info, mi.ListType, mi.VarTupleType, mi.SetType, mi.FrozenSetType)


def _has(info: mi.Type, *kinds: type[mi.Type]) -> bool:
    info = bare(info)
    members = info.types if isinstance(info, mi.UnionType) else (info,)
    return any(isinstance(bare(member), kinds) for member in members)


def _said(name: str, texts: list[str], info: mi.Type) -> str | None:
    """What is wrong, in the words that bodies are refused with; None where they have none for it."""
    leaf = _leaf(info)
    if isinstance(leaf, mi.BoolType):
        return f"{name}: must be true or false"
    faults = Faults()
    for text in texts:
        try:
            value = int(text) if isinstance(leaf, mi.IntType) else text
        except ValueError:
            return f"{name}: must be a whole number"
        if type(leaf) in LEAVES:
            LEAVES[type(leaf)](value, leaf, f"{name}:", faults)
    return faults.problems[0].message if faults.problems else None


def _leaf(info: mi.Type) -> mi.Type:
    """What a single text is to become: without null, and of a list what is in it."""
    info = bare(info)
    if isinstance(info, mi.UnionType):
        info = next(bare(member) for member in info.types if not isinstance(bare(member), mi.NoneType))
    return _leaf(info.item_type) if isinstance(info, mi.ListType | mi.VarTupleType) else info
