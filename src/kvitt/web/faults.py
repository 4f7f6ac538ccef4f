"""All that is wrong with a request, in words, as it is found."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from kvitt.core.errors import InvalidRequest, Problem, problem


class Faults:
    """All that is wrong, in the order it was met. After `limit` of them nobody reads on: they are raised then."""

    def __init__(self, limit: int = 50) -> None:
        self.problems: list[Problem] = []
        self._limit = limit

    def add(self, path: str, what: str) -> None:
        self.problems.append(problem(f"{path} {what}" if path else f"the body {what}", path or None))
        if len(self.problems) >= self._limit:
            self.settle()

    def settle(self) -> None:
        """Raises InvalidRequest if there is any fault. Its message is the first: some clients show nothing else."""
        if self.problems:
            rest = len(self.problems) - 1
            more = f" (and {rest} more)" if rest else ""
            raise InvalidRequest(self.problems[0].message + more, *self.problems)


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
