"""Going through JSON of a shape that nobody told: every value with the name it stands under, up to a bound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MOST_VISITED = 1_000
"""Values that are looked at: what lies behind them is kept, and found by nothing."""


def walk(value: Any) -> Iterator[tuple[str | None, Any]]:
    """(name, value) of the value and of everything in it, in its order. What an array holds has the array's name."""
    left = MOST_VISITED
    path: list[Iterator[tuple[str | None, Any]]] = [iter(((None, value),))]
    while path:
        for name, inner in path[-1]:
            yield name, inner
            left -= 1
            if left == 0:
                return
            if isinstance(inner, dict):
                path.append(iter(inner.items()))
                break
            if isinstance(inner, list):
                path.append(_named(name, inner))
                break
        else:
            path.pop()


def text_of(value: Any) -> str | None:
    """A text, or a whole number as one: ids come as both."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def texts_in(value: Any) -> Iterator[str]:
    return (text for _, inner in walk(value) if (text := text_of(inner)))


def _named(name: str | None, values: list[Any]) -> Iterator[tuple[str | None, Any]]:
    return ((name, value) for value in values)
