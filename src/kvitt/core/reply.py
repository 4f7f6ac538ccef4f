"""An answer as bytes: its status, its body, the headers that belong to it. And the body of every refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from kvitt.core.errors import Problem, Refusal, problem

encode = msgspec.json.Encoder(decimal_format="number").encode
"""Percentages are JSON numbers on the wire, exact as their decimals."""


class ErrorDetail(msgspec.Struct):
    """`code` is for machines, `message` for people, `errors` names the places."""

    code: str
    message: str
    errors: tuple[Problem, ...] = ()


class Error(msgspec.Struct):
    """The body of every answer that is not a success."""

    error: ErrorDetail


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a caller is told. `body` is JSON, kept to the byte; `headers` are only those that say something."""

    body: msgspec.Raw
    status: int = 200
    headers: dict[str, str] = {}


def reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(msgspec.Raw(encode(body)), status, dict(headers or {}))


def refusal_body(refusal: Refusal) -> Error:
    places = refusal.problems or (problem(refusal.message),)
    return Error(ErrorDetail(refusal.code, refusal.message, places))
