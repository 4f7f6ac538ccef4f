"""A shop's colours: read as CSS reads them, and moved until every promise of contrast holds, in light and in dark."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from hashlib import sha256

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from playwright.async_api import Page

from kvitt.checkout.model.view import Theme
from kvitt.checkout.rules.theme import theme_of
from kvitt.hosted.assets import load_assets
from kvitt.hosted.colours import BLACK, WHITE, Colour, contrast, from_oklch, holds, parse, to_oklch
from kvitt.hosted.theme import DARK, LIGHT, SHAPE, TEXT, Base, Palette, palettes, style_of
from tests_support import Server

NewChoice = Callable[..., Awaitable[str]]
OpenPage = Callable[..., Awaitable[Page]]
PART = st.integers(0, 255)
COLOURS = st.builds(Colour, PART, PART, PART)
YELLOW, GREY = Colour(255, 230, 0), Colour(118, 118, 118)
SHEET = re.compile(r"--([a-z-]+):\s*#([0-9a-f]{6})")


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#0a5cd8", "#0a5cd8"),
        ("#FFF", "#ffffff"),
        ("#0a5f", "#00aa55"),
        ("#00000080", "#7f7f7f"),
        ("Teal", "#008080"),
        ("rebeccapurple", "#663399"),
        ("rgb(10, 92, 216)", "#0a5cd8"),
        ("rgb(10 92 216)", "#0a5cd8"),
        ("rgb(100%,0%,50%)", "#ff0080"),
        ("rgba(0, 0, 0, 50%)", "#808080"),
        ("RGBA(0,0,0,.5)", None),
        ("rgb(0 0 0 / 0.5)", "#808080"),
        ("rgb(999,0,0)", "#ff0000"),
        ("hsl(120, 100%, 25%)", "#008000"),
        ("hsl(480deg 100 25)", "#008000"),
        ("hsl(12%, 1%, 2%)", None),
        ("rgb(1deg, 2, 3)", None),
        ("rgba(1, 2, 3, 0)", None),
        ("transparent", None),
        ("currentcolor", None),
        ("#12345", None),
        ("red;}body{display:none", None),
        ("", None),
    ],
)
def test_colours_are_read_as_css_reads_them(text: str, colour: str | None) -> None:
    assert (found := parse(text)) is None or str(found) == colour
    assert (found is None) == (colour is None)


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast(BLACK, WHITE) == 21
    assert contrast(WHITE, WHITE) == 1
    assert contrast(WHITE, GREY) == pytest.approx(4.54, abs=0.005)


def promises(palette: Palette) -> Iterator[tuple[str, str, float]]:
    """What stands on what, and by how much it has to stand out."""
    for ground in ("surface", "sheet", "tint"):
        for text in ("ink", "quiet", "accent", "accent-strong", "bad"):
            yield text, ground, TEXT
        yield "edge", ground, SHAPE
    for text in ("ink", "quiet", "bad"):
        yield text, "bad-tint", TEXT
    yield "ink", "line", TEXT
    for text, grounds in (("on-accent", ("accent", "accent-strong")), ("on-fill", ("fill", "fill-strong"))):
        for ground in grounds:
            yield text, ground, TEXT


def broken(palette: Palette) -> list[str]:
    return [
        f"{one} {palette[one]} on {other} {palette[other]}: {contrast(palette[one], palette[other]):.2f}"
        for one, other, ratio in promises(palette)
        if contrast(palette[one], palette[other]) < ratio
    ]


@pytest.mark.parametrize("base", [LIGHT, DARK], ids=["light", "dark"])
@settings(deadline=None)
@given(backdrop=st.none() | COLOURS, primary=st.none() | COLOURS)
@example(backdrop=None, primary=YELLOW)
@example(backdrop=GREY, primary=GREY)
@example(backdrop=WHITE, primary=WHITE)
@example(backdrop=BLACK, primary=BLACK)
@example(backdrop=None, primary=None)
def test_every_promise_of_contrast_holds_for_every_colour(
    base: Base, backdrop: Colour | None, primary: Colour | None
) -> None:
    for palette in palettes(backdrop, primary, base):
        assert broken(palette) == []
        surfaces = (palette["surface"], palette["sheet"])
        fill, edge = palette["fill"], palette["fill-edge"]
        assert holds(fill, surfaces, SHAPE) or holds(edge, surfaces, SHAPE)
        if primary:
            assert fill == primary
    if backdrop and base is LIGHT:
        assert palettes(backdrop, primary, base)[0]["surface"] == backdrop


@settings(deadline=None)
@given(primary=COLOURS)
def test_a_colour_that_is_moved_keeps_its_hue(primary: Colour) -> None:
    for base in (LIGHT, DARK):
        for palette in palettes(None, primary, base):
            _, chroma, hue = to_oklch(palette["accent"])
            if chroma > 0.03:
                turned = abs(hue - to_oklch(primary)[2]) % 360
                assert min(turned, 360 - turned) < 8


@settings(deadline=None)
@given(colour=COLOURS)
def test_a_colour_comes_back_from_its_lightness_chroma_and_hue(colour: Colour) -> None:
    back = from_oklch(*to_oklch(colour))
    assert max(abs(back.red - colour.red), abs(back.green - colour.green), abs(back.blue - colour.blue)) <= 2


@pytest.mark.parametrize(
    ("theme", "radii"),
    [
        (Theme(card_radius="0", button_radius="0px"), "--card-radius:0rem;--button-radius:0rem;--field-radius:0rem;"),
        (Theme(card_radius="9999px"), "--card-radius:2rem;"),
        (Theme(button_radius="50%"), "--button-radius:1.6875rem;--field-radius:0.875rem;"),
        (Theme(card_radius="1.5rem"), "--card-radius:1.5rem;"),
    ],
)
def test_radii_are_those_of_the_shop_within_reason(theme: Theme, radii: str) -> None:
    assert style_of(theme) == f":root{{{radii}}}"


def test_what_cannot_be_read_changes_nothing() -> None:
    assert style_of(None) == style_of(Theme(primary="nocolour", card_radius="much")) == ""
    assert (
        theme_of({"primary": "url(x)", "cardRadius": [1], "buttonRadius": True, "backdrop": 7, "other": "red"}) is None
    )
    assert theme_of({"primary": "red;}", "cardRadius": 8}) == Theme(card_radius="8")


@settings(deadline=None)
@given(backdrop=st.text(), primary=st.text(), radius=st.text())
@example(backdrop="red", primary="</style><script>", radius="8px")
def test_nothing_of_the_shop_s_text_reaches_the_sheet(backdrop: str, primary: str, radius: str) -> None:
    sheet = style_of(Theme(backdrop, primary, radius, radius))
    assert re.fullmatch(r"(?:[-a-z0-9#.:;{}()@ ])*", sheet)
    assert sheet.count("{") == sheet.count("}")


def test_our_own_colours_are_those_of_the_style_sheet_and_keep_every_promise() -> None:
    css = load_assets().by_name["page.css"].content.decode()
    light, dark = css.split("prefers-color-scheme: dark", 1)
    for base, text in ((LIGHT, light), (DARK, dark)):
        written: dict[str, str] = {}
        for name, digits in SHEET.findall(text):
            written.setdefault(name, f"#{digits}")
        for name in Base.__dataclass_fields__:
            assert written[name.replace("_", "-")] == str(getattr(base, name)), name
        palette = {name: Colour(*bytes.fromhex(colour[1:])) for name, colour in written.items()}
        palette["surface"] = palette["ground"]
        for fill, accent in (("fill", "accent"), ("fill-strong", "accent-strong"), ("on-fill", "on-accent")):
            palette[fill] = palette[accent]
        assert broken(palette) == []


def policy_of(style: str) -> str:
    return f"style-src 'self' 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_shop_s_colours_are_on_the_page_and_can_be_read_there(
    server: Server, http: httpx.AsyncClient, new_choice: NewChoice, open_page: OpenPage, scheme: str
) -> None:
    theme = {"primary": "#FFE600", "backdrop": "navy", "cardRadius": 0, "buttonRadius": "50%", "more": "</style>"}
    address = f"{server.url}/v1/view/{await new_choice('dintero_psp.creditcard', 'klarna.klarna', theme=theme)}"
    answer = await http.get(address)
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text)
    assert policy_of(style) in answer.headers["content-security-policy"].split("; ")
    page = await open_page(address, color_scheme=scheme)
    seen = await page.evaluate(
        """() => {
          const of = (selector, name) => getComputedStyle(document.querySelector(selector))[name];
          return [of(".pay", "backgroundColor"), of(".pay", "color"), of(".payment", "borderTopLeftRadius"),
            of("body", "backgroundColor"), of(".total .amount", "color"), of("#pay-heading", "color"),
            of(".payment", "backgroundColor")];
        }"""
    )
    fill, on_fill, radius, ground, sum_on_ground, heading, sheet = seen
    assert (fill, on_fill, radius) == ("rgb(255, 230, 0)", "rgb(0, 0, 0)", "0px")
    assert (ground == "rgb(0, 0, 128)") == (scheme == "light")
    for text, under in ((sum_on_ground, ground), (heading, sheet)):
        assert contrast(parse(text) or BLACK, parse(under) or BLACK) >= TEXT


async def test_a_page_without_a_theme_or_with_one_that_cannot_be_read_has_no_style_of_its_own(
    http: httpx.AsyncClient, new_choice: NewChoice
) -> None:
    hostile = {"primary": "red;}*{display:none", "backdrop": ["x"], "cardRadius": {"a": 1}, "buttonRadius": "calc(1px)"}
    for theme in (None, {}, hostile, {"primary": "nosuchcolour"}):
        answer = await http.get(f"/v1/view/{await new_choice('dintero_psp.creditcard', theme=theme)}")
        assert "<style" not in answer.text
        assert "style-src 'self'" in answer.headers["content-security-policy"].split("; ")
