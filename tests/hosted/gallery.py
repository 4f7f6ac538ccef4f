"""`make gallery`: every state of the payment page as a picture, from the real server, and the page that shows them all.

The pictures are the same again as long as the page is: nothing moves in them, and only the bank shows a date. Names of
states take those alone anew: `make gallery ARGS="paid declined"`.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, async_playwright

sys.path.append(str(Path(__file__).parents[1]))  # what pytest does by its own settings

from kvitt.hosted.languages import load_languages
from kvitt.store.embedded import Embedded
from kvitt.store.migrate import migrate
from tests_support import Server, run_server

from .conftest import ARGUMENTS
from .stage import Stage, stages
from .state import State
from .states import GROUPS, all_states
from .states_elsewhere import FRAMED

DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "gallery"
AT_ONCE = 3
WIDTH, HEIGHT = 768, 600
FRAME_HEIGHT = 1120
"""What lies outside the window is not painted in a frame of another host."""

Scheme = Literal["light", "dark"]


@dataclass(frozen=True)
class Variant:
    """Another look at a state. `language`: the page is reached anew in it."""

    name: str
    width: int
    scheme: Scheme = "light"
    language: str = "en"

    @property
    def says(self) -> str:
        right_to_left = f", in {load_languages()[self.language].say('language.name')}" if self.language != "en" else ""
        return f"{self.width} px, {self.scheme}{right_to_left}"


PHONE, DESKTOP, ARABIC = Variant("phone", 360, "dark"), Variant("desktop", 1280), Variant("ar", 768, language="ar")
VARIANTS = {
    "several_ways": (PHONE, DESKTOP, ARABIC),
    "consents_and_terms": (Variant("desktop-dark", 1280, "dark"),),
    "invalid_fields": (PHONE,),
    "declined": (PHONE, ARABIC),
    "unknown_outcome": (PHONE,),
    "waiting_for_an_app": (PHONE,),
    "paid": (PHONE, DESKTOP, ARABIC),
    "held_for_review": (Variant("dark", 768, "dark"),),
}


async def photograph(page: Any, name: str) -> None:
    await page.evaluate("scrollTo(0, 0)")
    moving = name == "loading"  # its button would be shown as it is after eight seconds
    await page.screenshot(
        path=FOLDER / f"{name}.jpg",
        type="jpeg",
        quality=62,
        full_page=True,
        caret="hide",
        animations="allow" if moving else "disabled",
    )


async def show(state: State, stage: Stage) -> None:
    """The state as it is, and its variants of the same language."""
    await state.reach(stage)
    await photograph(stage.page, state.name)
    for variant in VARIANTS.get(state.name, ()):
        if variant.language == stage.language:
            await stage.page.set_viewport_size({"width": variant.width, "height": HEIGHT})
            await stage.page.emulate_media(color_scheme=variant.scheme, reduced_motion="no-preference")
            await photograph(stage.page, f"{state.name}-{variant.name}")


async def show_foreign(state: State, variant: Variant, server: Server, browser: Browser, url: str) -> None:
    async with stages(server, browser, url, variant.language, **_window(variant.width)) as stage:
        await state.reach(stage)
        await photograph(stage.page, f"{state.name}-{variant.name}")


async def go_through(queue: Iterator[State], server: Server, browser: Browser, url: str) -> None:
    for state in queue:
        height = FRAME_HEIGHT if state.group == FRAMED else HEIGHT
        async with stages(server, browser, url, **_window(WIDTH, height)) as stage:
            await show(state, stage)
        for variant in _variants(state):
            if variant.language != "en":
                await show_foreign(state, variant, server, browser, url)
        print(state.name, flush=True)


def _window(width: int, height: int = HEIGHT) -> dict[str, Any]:
    return {"viewport": {"width": width, "height": height}, "reduced_motion": "no-preference", "color_scheme": "light"}


def _variants(state: State) -> tuple[Variant, ...]:
    languages = load_languages()
    return tuple(variant for variant in VARIANTS.get(state.name, ()) if variant.language in languages)


def _names() -> list[str]:
    return [
        name for state in all_states() for name in (state.name, *(f"{state.name}-{v.name}" for v in _variants(state)))
    ]


def page() -> str:
    """docs/gallery.md."""
    told = [INTRODUCTION]
    for group in GROUPS:
        told.append(f"## {group}")
        told += [_told(state) for state in all_states() if state.group == group]
    return "\n\n".join(told) + "\n"


def _told(state: State) -> str:
    name = state.name.replace("_", " ").capitalize()
    others = [f"[{variant.says}](gallery/{state.name}-{variant.name}.jpg)" for variant in _variants(state)]
    also = f" Also at {'; '.join(others)}." if others else ""
    return f"### {name}\n\n{state.says}\n\n![{name}](gallery/{state.name}.jpg)\n\n{state.reached}{also}"


INTRODUCTION = """\
# The payment page, state by state

Each picture is the real page of a real server, 768 px wide, as `make gallery` took it. Below it stands how the state
was reached; tests go through the same states in the same way, and hold that axe-core finds nothing in any of them."""


async def take(url: str, names: list[str]) -> None:
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    async with run_server(url) as server, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        queue = iter([state for state in all_states() if not names or state.name in names])
        await asyncio.gather(*(go_through(queue, server, browser, url) for _ in range(AT_ONCE)))
        await browser.close()


def main() -> None:
    names = sys.argv[1:]
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="kvitt-gallery-"))
    folder.chmod(0o755)  # the database's own user passes through when this runs as root
    database = Embedded(folder)
    database.start()
    try:
        migrate(database.url)
        asyncio.run(take(database.url, names))
    finally:
        database.leave()
        shutil.rmtree(folder, ignore_errors=True)
    for stale in set(FOLDER.iterdir()) - {FOLDER / f"{name}.jpg" for name in _names()}:
        stale.unlink()
    (DOCS / "gallery.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
