"""A shop's colours and radii become a style sheet that holds what our own promises, in light and in dark. Pure.

The shop's text never reaches the sheet: it is read into numbers, and these are written. Its backdrop and the fill of
its buttons stay as they are wherever that can be read; the rest is derived, and moved in lightness, hue kept, until it
can. What lies on the backdrop and what lies on the white sheet have colours of their own, so a dark backdrop is fine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from kvitt.checkout.model.view import Theme
from kvitt.hosted.colours import (
    BLACK,
    WHITE,
    Colour,
    contrast,
    from_oklch,
    holds,
    moved,
    parse,
    to_oklch,
)

TEXT, SHAPE = 4.5, 3.0
"""WCAG 2.2 AA: text on its ground, and what must be seen to use the page: borders of fields, the ring of the focus."""

_DIMMEST = 15.0
"""How far the dark scheme's text stands out from its ground at least: a light backdrop is darkened until it does, so
that it lies under the sheet there too."""

_RADIUS = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,4})?)(px|em|rem|%)?", re.ASCII)
_ROUNDEST_CARD, _ROUNDEST_BUTTON, _ROUNDEST_FIELD = 32, 27, 14  # pixels; 27 makes a pill of a button


@dataclass(frozen=True)
class Base:
    """What styles/base.css says, where it matters here."""

    ground: Colour
    sheet: Colour
    ink: Colour
    quiet: Colour
    line: Colour
    edge: Colour
    accent: Colour
    tint: Colour
    bad: Colour
    bad_tint: Colour


def _base(*colours: str) -> Base:
    return Base(*(Colour(*bytes.fromhex(colour)) for colour in colours))


LIGHT = _base("f5f5f1", "ffffff", "16211d", "56625d", "dfe2dc", "7c8782", "0b6650", "e3efea", "b3261e", "fcecea")
DARK = _base("101513", "19201d", "ecf1ee", "a3b0aa", "2c3632", "6f7d77", "5cd0ab", "1d342c", "ff9d94", "3a1f1d")


Palette = dict[str, Colour]
"""The colours of what lies on one surface, by their names in the style sheet; `surface` is the ground itself."""


@lru_cache(maxsize=512)
def style_of(theme: Theme | None) -> str:
    """The style sheet of a theme, to be laid over ours; empty for none, or one that says nothing we can read."""
    if theme is None:
        return ""
    backdrop, primary = parse(theme.backdrop or ""), parse(theme.primary or "")
    parts = []
    if backdrop or primary:
        for base in (LIGHT, DARK):
            ground, sheet = palettes(backdrop, primary, base)
            wash = "--wash:var(--ground);" if backdrop else ""
            rules = f":root{{--ground:{ground['surface']};{wash}{_named(ground)}}}.payment{{{_named(sheet)}}}"
            parts.append(rules if base is LIGHT else f"@media (prefers-color-scheme:dark){{{rules}}}")
    if radii := "".join(_radii(theme)):
        parts.append(f":root{{{radii}}}")
    return "".join(parts)


def palettes(backdrop: Colour | None, primary: Colour | None, base: Base) -> tuple[Palette, Palette]:
    """What lies on the backdrop, and what lies on the sheet. `base`: LIGHT or DARK."""
    ground = backdrop or base.ground
    if base is DARK:
        ground = _dimmed(ground)
    sheet = base.sheet if base is LIGHT else _hued(base.sheet, backdrop or base.ground)
    own = LIGHT if contrast(BLACK, ground) > contrast(WHITE, ground) else DARK
    on_ground = _palette(ground, own.sheet if own is LIGHT else _hued(own.sheet, ground), primary, own)
    return on_ground, _palette(sheet, sheet, primary, base)


def _palette(surface: Colour, sheet: Colour, primary: Colour | None, base: Base) -> Palette:
    """`base`: LIGHT for dark text on a light surface, DARK for the other way round."""
    brand = primary or base.accent
    tint = _hued(base.tint, brand, 0.035) if primary else base.tint
    grounds = (surface, sheet, tint)
    ink = moved(_hued(base.ink, surface), (*grounds, base.bad_tint), TEXT)
    accent = moved(brand, grounds, TEXT)
    on_accent, on_fill = readable_on(accent), readable_on(brand)
    return {
        "surface": surface,
        "sheet": sheet,
        "ink": ink,
        "quiet": moved(_hued(base.quiet, surface), (*grounds, base.bad_tint), TEXT),
        "line": _line(surface, ink),
        "edge": moved(_hued(base.edge, surface), grounds, SHAPE),
        "accent": accent,
        "on-accent": on_accent,
        "accent-strong": _pressed(accent, on_accent),
        "tint": tint,
        "bad": moved(base.bad, (*grounds, base.bad_tint), TEXT),
        "bad-tint": base.bad_tint,
        "fill": brand,
        "on-fill": on_fill,
        "fill-strong": _pressed(brand, on_fill),
        "fill-edge": brand if holds(brand, (surface, sheet), SHAPE) else accent,
    }


def readable_on(colour: Colour) -> Colour:
    """White where it can be read, else black: one of them always can."""
    return WHITE if contrast(WHITE, colour) >= TEXT else BLACK


def _dimmed(ground: Colour) -> Colour:
    """As dark as the dark scheme has to be."""
    lightness, chroma, hue = to_oklch(ground)
    while contrast(DARK.ink, ground) < _DIMMEST and lightness > 0:
        lightness = max(0.0, lightness - 0.005)
        ground = from_oklch(lightness, min(chroma, 0.06), hue)
    return ground


def _hued(colour: Colour, source: Colour, chroma: float | None = None) -> Colour:
    """One of our quiet colours in another's hue; a grey one makes it grey. `chroma`: instead of its own."""
    lightness, own, _ = to_oklch(colour)
    _, most, hue = to_oklch(source)
    return from_oklch(lightness, min(chroma or own, most), hue)


def _pressed(fill: Colour, on_fill: Colour) -> Colour:
    """A little further from what stands on it."""
    lightness, chroma, hue = to_oklch(fill)
    return from_oklch(min(1.0, max(0.0, lightness + (0.06 if on_fill == BLACK else -0.07))), chroma, hue)


def _line(surface: Colour, ink: Colour) -> Colour:
    """A line that is decoration, and the ground of quiet signs: between the two, and the ink is read on it."""
    for share in (0.14, 0.1, 0.06, 0.03):
        pairs = ((surface.red, ink.red), (surface.green, ink.green), (surface.blue, ink.blue))
        line = Colour(*(round(first + (second - first) * share) for first, second in pairs))
        if holds(ink, (line,), TEXT):
            return line
    return surface


def _named(palette: Palette) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in palette.items() if name != "surface")


def _radii(theme: Theme) -> Iterator[str]:
    if (card := _pixels(theme.card_radius, _ROUNDEST_CARD)) is not None:
        yield f"--card-radius:{card / 16:g}rem;"
    if (button := _pixels(theme.button_radius, _ROUNDEST_BUTTON)) is not None:
        yield f"--button-radius:{button / 16:g}rem;--field-radius:{min(button, _ROUNDEST_FIELD) / 16:g}rem;"


def _pixels(radius: str | None, most: int) -> float | None:
    """A share is one of what is `most` here at a half: 50% makes a pill."""
    found = _RADIUS.fullmatch(radius or "")
    if found is None:
        return None
    number = float(found[1])
    pixels = {"em": number * 16, "rem": number * 16, "%": number / 50 * most}.get(found[2] or "", number)
    return min(pixels, float(most))
