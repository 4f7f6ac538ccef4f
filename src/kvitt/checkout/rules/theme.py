"""A shop's theme: what a profile may say of colours and radii, and what a session's page is told of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kvitt.checkout.model.view import Theme
from kvitt.core.errors import Problem, problem

_COLOURS = {"backdrop": "backdrop", "primary": "primary"}
_RADII = {"cardRadius": "card_radius", "buttonRadius": "button_radius"}
_LONGEST = 50
_NUMBER = r" *[0-9]{1,3}(?:\.[0-9]{1,4})?(?:%|deg)? *"
_COLOUR = re.compile(
    r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})"
    r"|[a-z]{3,20}"
    rf"|(?:rgb|hsl)a?\({_NUMBER}[, ]{_NUMBER}[, ]{_NUMBER}(?:[,/]{_NUMBER})?\)",
    re.ASCII | re.IGNORECASE,
)
_RADIUS = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4})?(?:px|em|rem|%)?", re.ASCII)


def theme_faults(theme: dict[str, Any]) -> Iterator[Problem]:
    """Of a profile's theme. A session's own is taken as it is, and what cannot be read of it is left out."""
    for name in _COLOURS:
        if theme.get(name) is not None and not _is_colour(theme[name]):
            yield problem("must be a colour of CSS, such as #0a5cd8", f"configuration.theme.{name}")
    for name in _RADII:
        if theme.get(name) is not None and not _is_radius(theme[name]):
            yield problem("must be a radius of CSS, such as 8px", f"configuration.theme.{name}")


def theme_of(theme: dict[str, Any] | None) -> Theme | None:
    """What the page is told: no text that was not looked at, and None when nothing is left."""
    if not theme:
        return None
    colours = {own: theme[name] for name, own in _COLOURS.items() if _is_colour(theme.get(name))}
    radii = {own: str(theme[name]) for name, own in _RADII.items() if _is_radius(theme.get(name))}
    return Theme(**colours, **radii) if colours or radii else None


def _is_colour(value: Any) -> bool:
    return isinstance(value, str) and _is(_COLOUR, value)


def _is_radius(value: Any) -> bool:
    """A number is one of pixels. Whole texts alone, so that a list or an object is none."""
    return isinstance(value, str | int | float) and not isinstance(value, bool) and _is(_RADIUS, str(value))


def _is(pattern: re.Pattern[str], text: str) -> bool:
    return len(text) <= _LONGEST and pattern.fullmatch(text) is not None
