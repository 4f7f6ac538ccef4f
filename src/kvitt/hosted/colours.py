"""Colours: read from CSS, compared as eyes do, and moved in lightness while their hue stays. Pure.

Contrast is WCAG 2's; hue and lightness are OKLCH's, where a step of lightness looks alike in every hue.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from colorsys import hls_to_rgb
from dataclasses import dataclass
from math import atan2, cbrt, cos, degrees, hypot, radians, sin

from kvitt.hosted.colour_names import NAMED

_HEX = re.compile(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.ASCII)
_NUMBER = r" *([0-9]{1,3}(?:\.[0-9]{1,4})?)(%|deg)? *"
_FUNCTION = re.compile(rf"(rgb|hsl)a?\({_NUMBER}[, ]{_NUMBER}[, ]{_NUMBER}(?:[,/]{_NUMBER})?\)", re.ASCII)
_STEPS = 200
"""How finely lightness is moved."""


@dataclass(frozen=True)
class Colour:
    """Red, green and blue, each 0 to 255."""

    red: int
    green: int
    blue: int

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"


WHITE, BLACK = Colour(255, 255, 255), Colour(0, 0, 0)


def parse(text: str) -> Colour | None:
    """A colour as CSS writes it: `#0a5cd8`, `teal`, `rgb(10, 92, 216)`, `hsl(216deg 91% 44%)`.

    What shines through is laid over white. None for what is no colour, or cannot be seen at all.
    """
    text = text.strip().lower()
    if text in NAMED:
        text = NAMED[text]
    if found := _HEX.fullmatch(text):
        digits = found[1] if len(found[1]) > 4 else "".join(digit * 2 for digit in found[1])
        red, green, blue, *alpha = bytes.fromhex(digits)
        return _over_white((red, green, blue), alpha[0] / 255 if alpha else 1.0)
    if found := _FUNCTION.fullmatch(text):
        numbers = [(float(found[at]), found[at + 1] or "") for at in (2, 4, 6)]
        share = 1.0 if found[8] is None else float(found[8]) / (100 if found[9] == "%" else 1)
        read = _rgb(numbers) if found[1] == "rgb" else _hsl(numbers)
        return None if read is None or found[9] == "deg" else _over_white(read, min(share, 1.0))
    return None


def contrast(one: Colour, other: Colour) -> float:
    """1 for the same, 21 for black and white (WCAG 2.2, contrast ratio)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: Colour) -> float:
    """0 for black, 1 for white (WCAG 2.2, relative luminance)."""
    red, green, blue = (_linear(part / 255) for part in (colour.red, colour.green, colour.blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def holds(colour: Colour, grounds: Iterable[Colour], ratio: float) -> bool:
    return all(contrast(colour, ground) >= ratio for ground in grounds)


def moved(colour: Colour, grounds: Iterable[Colour], ratio: float) -> Colour:
    """The nearest lightness of the colour at which it stands out from all grounds by `ratio`, hue kept.

    Where there is none, black or white, whichever stands out more.
    """
    grounds = tuple(grounds)
    if holds(colour, grounds, ratio):
        return colour
    lightness, chroma, hue = to_oklch(colour)
    for step in range(1, _STEPS + 1):
        for tried in (lightness - step / _STEPS, lightness + step / _STEPS):
            if 0 <= tried <= 1 and holds(found := from_oklch(tried, chroma, hue), grounds, ratio):
                return found
    return max((WHITE, BLACK), key=lambda one: min(contrast(one, ground) for ground in grounds))


def to_oklch(colour: Colour) -> tuple[float, float, float]:
    """Lightness 0 to 1, chroma 0 to about 0.32, hue in degrees."""
    red, green, blue = (_linear(part / 255) for part in (colour.red, colour.green, colour.blue))
    long = cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    lightness = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    return lightness, hypot(a, b), degrees(atan2(b, a)) % 360


def from_oklch(lightness: float, chroma: float, hue: float) -> Colour:
    """The colour; where no screen can show it, with just so much less chroma that one can."""
    least, most = 0.0, chroma
    found = _channels(lightness, chroma, hue)
    if not _shows(found):
        for _ in range(12):
            middle = (least + most) / 2
            if _shows(_channels(lightness, middle, hue)):
                least = middle
            else:
                most = middle
        found = _channels(lightness, least, hue)
    red, green, blue = (round(255 * _encoded(min(max(part, 0.0), 1.0))) for part in found)
    return Colour(red, green, blue)


def _channels(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """Linear light; outside 0 to 1 where no screen can show it."""
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _shows(channels: Iterable[float]) -> bool:
    return all(-0.0005 <= part <= 1.0005 for part in channels)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _encoded(part: float) -> float:
    return part * 12.92 if part <= 0.0031308 else float(1.055 * part ** (1 / 2.4) - 0.055)


def _rgb(numbers: list[tuple[float, str]]) -> tuple[float, float, float] | None:
    if any(unit == "deg" for _, unit in numbers):
        return None
    red, green, blue = (min(255.0, number * 255 / 100 if unit else number) for number, unit in numbers)
    return red, green, blue


def _hsl(numbers: list[tuple[float, str]]) -> tuple[float, float, float] | None:
    (hue, hue_unit), (saturation, one), (lightness, other) = numbers
    if hue_unit == "%" or "deg" in (one, other):
        return None
    red, green, blue = hls_to_rgb(hue / 360 % 1, min(lightness, 100) / 100, min(saturation, 100) / 100)
    return red * 255, green * 255, blue * 255


def _over_white(parts: tuple[float, float, float], alpha: float) -> Colour | None:
    red, green, blue = (round(part * alpha + 255 * (1 - alpha)) for part in parts)
    return Colour(red, green, blue) if alpha > 0 else None
