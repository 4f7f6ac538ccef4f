"""Every state of the page, reached through the real server: its words, and nothing that axe-core finds fault with.

All of them go through one browser, a few at a time, in one test: each costs a second or two.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, expect

from tests_support import Server

from .stage import Stage, stages
from .state import State
from .states import all_states

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / ".venv/npm/node_modules/axe-core/axe.min.js"
RUN = """async (only) => {
  const {violations} = await axe.run(document, {runOnly: only, resultTypes: ["violations"]});
  return violations.map((found) => found.id + ": " + found.nodes.map((node) => node.html).join(" "));
}"""
ALL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCHEMES: tuple[tuple[Literal["light", "dark"], list[str]], ...] = (("light", ALL), ("dark", ["color-contrast"]))
"""What the scheme does not change is looked for once."""
AT_ONCE = 3


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.exists():
        pytest.fail("axe-core is missing: `make test` installs it")
    return AXE.read_text(encoding="utf-8")


async def test_every_state_says_what_it_is_to_everybody(
    server: Server, browser: Browser, database_url: str, axe: str
) -> None:
    found: dict[str, list[str]] = {}
    queue = iter(all_states())
    await asyncio.gather(*(go_through(queue, found, server, browser, database_url, axe) for _ in range(AT_ONCE)))
    assert not found, "\n".join(f"{name}: {problem}" for name, problems in found.items() for problem in problems)


async def go_through(
    queue: Iterator[State], found: dict[str, list[str]], server: Server, browser: Browser, database_url: str, axe: str
) -> None:
    for state in queue:
        try:
            async with stages(server, browser, database_url) as stage:
                await state.reach(stage)
                problems = await problems_of(state, stage, axe)
        except Exception as error:  # the others are gone through all the same
            problems = [f"{type(error).__name__}: {error}"]
        if problems:
            found[state.name] = problems


async def problems_of(state: State, stage: Stage, axe: str) -> list[str]:
    """What is wrong with the page as it stands, in light, in dark, and on a narrow screen."""
    page, frame = stage.page, stage.frame
    await expect(frame.get_by_test_id(state.testid)).to_be_visible()
    await expect(frame.get_by_role("heading", name=state.heading, exact=True)).to_be_visible()
    await frame.evaluate(axe)
    problems: list[str] = []
    for scheme, rules in SCHEMES:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        told: list[str] = await frame.evaluate(RUN, rules)
        problems += [f"{scheme}: {one}" for one in told]
    await page.set_viewport_size({"width": 320, "height": 640})
    hidden = await frame.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if hidden:
        problems.append(f"{hidden} px do not fit on a screen of 320")
    return problems
