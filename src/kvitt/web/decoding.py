"""From a body's bytes to its struct: one strict pass when all is well, a second look that explains when it is not.

The second look forgives what clients in the wild send (a BOM, `null` for a member that may be left out, whole
numbers with float noise), and lists every fault with its dotted path.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import msgspec

from kvitt.core.errors import InvalidRequest, Problem, problem
from kvitt.web.faults import Faults
from kvitt.web.mending import fix
from kvitt.web.oddities import may_be_odd, oddity_finder, too_deep

_read_tree = msgspec.json.Decoder(float_hook=Decimal).decode
_write_tree = msgspec.json.Encoder(decimal_format="number").encode
_BYTE = re.compile(r"\(byte (\d+)\)")
_PLACE = re.compile(r" - at (?:`key` in )?`\$([^`]*)`$")
_EMPTY = (b"", b"null", b"[]", b"{}")
_BOM = b"\xef\xbb\xbf"


class BodyDecoder:
    """Decodes bodies into `type`. With `required` False an empty body, `null`, `[]` and `{}` are None."""

    def __init__(self, type: Any, *, required: bool = True) -> None:
        self._decode = msgspec.json.Decoder(type).decode
        self._info = msgspec.inspect.type_info(type)
        self._required = required
        self._odd = oddity_finder(self._info)

    def __call__(self, raw: bytes) -> Any:
        """The decoded body, or InvalidRequest that names every fault."""
        if not self._required and raw in _EMPTY:
            return None
        try:
            value = self._decode(raw)
            if b"\\u0000" in raw or not (raw.isascii() or raw.decode()):
                return self._again(raw)
        except (ValueError, RecursionError):
            return self._again(raw)
        if self._odd is not None and may_be_odd(raw) and self._odd(value):
            return self._again(raw)
        return value

    def _again(self, raw: bytes) -> Any:
        tree = parse(raw.removeprefix(_BOM), required=self._required)
        if not self._required and (tree is None or tree == [] or tree == {}):
            return None
        faults = Faults()
        if b"\\u0000" in raw:
            refuse_nul(tree, "", faults)
        fixed = fix(tree, self._info, "", faults)
        faults.settle()
        try:
            return self._decode(_write_tree(fixed))
        except (ValueError, RecursionError) as error:
            fault = _translated(str(error))
            raise InvalidRequest(fault.message, fault) from None


def parse(raw: bytes, *, required: bool = True) -> Any:
    """Any JSON, numbers with a fraction as Decimal; InvalidRequest saying where it stops being JSON."""
    if not raw.strip():
        if not required:
            return None
        raise InvalidRequest("a JSON body is required", problem("a JSON body is required"))
    try:
        raw.decode()
        tree = _read_tree(raw)
    except RecursionError:
        raise _not_readable("it is nested too deeply") from None
    except UnicodeDecodeError as error:
        raise _not_json(f"invalid UTF-8 at byte {error.start}") from None
    except ValueError as error:
        _refuse_lone_surrogate(raw)
        found = _BYTE.search(str(error))
        raise _not_json(f"at byte {found.group(1) if found else len(raw)}") from None
    if too_deep(tree):
        raise _not_readable("it is nested too deeply")
    return tree


def refuse_nul(tree: Any, path: str, faults: Faults) -> None:
    """NUL passes JSON and is refused by PostgreSQL: it stops here, with its path."""
    if isinstance(tree, str):
        if "\0" in tree:
            faults.add(path, "contains a NUL character")
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            refuse_nul(value, _join(path, str(index)), faults)
    elif isinstance(tree, dict):
        for key, value in tree.items():
            if "\0" in key:
                faults.add(_join(path, key.replace("\0", "\\u0000")), "has a NUL character in its name")
            refuse_nul(value, _join(path, key), faults)


def dotted(place: str) -> str:
    """msgspec's `.order.items[0].amount` as `order.items.0.amount`."""
    return place.replace("[...]", "").replace("[", ".").replace("]", "").removeprefix(".")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _not_json(why: str) -> InvalidRequest:
    message = f"body is not JSON ({why})"
    return InvalidRequest(message, problem(message))


def _not_readable(why: str) -> InvalidRequest:
    message = f"body cannot be read ({why})"
    return InvalidRequest(message, problem(message))


def _refuse_lone_surrogate(raw: bytes) -> None:
    """The fast parser calls half a surrogate pair truncated input; say what it is, and where."""
    if b"\\ud" not in raw.lower():
        return
    try:
        tree = json.loads(raw)
    except (ValueError, RecursionError):
        return
    faults = Faults()
    _find_surrogates(tree, "", faults)
    faults.settle()


def _find_surrogates(tree: Any, path: str, faults: Faults) -> None:
    if isinstance(tree, str):
        if _is_broken(tree):
            faults.add(path, "contains half a surrogate pair, which is no character")
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            _find_surrogates(value, _join(path, str(index)), faults)
    elif isinstance(tree, dict):
        for key, value in tree.items():
            if _is_broken(key):
                name = key.encode("ascii", "backslashreplace").decode()
                faults.add(_join(path, name), "has half a surrogate pair in its name")
            else:
                _find_surrogates(value, _join(path, key), faults)


def _is_broken(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _translated(message: str) -> Problem:
    found = _PLACE.search(message)
    if not found:
        return problem(message)
    path = dotted(found.group(1))
    what = message[: found.start()]
    return problem(f"{path}: {what}" if path else what, path or None)
