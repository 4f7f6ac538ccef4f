"""The guide to the payment page is what was typed: its commands run, and its shop sells, in a real browser."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import FrameLocator, Page, expect

from kvitt.hosted.languages import FALLBACK, load_languages
from tests_support import Server, Shop, free_port

from ..hosted import conftest as hosted
from ..hosted.embedding.conftest import SDK, type_card
from .shown import Guide, in_folder

browser, open_page = hosted.browser, hosted.open_page

GUIDE = Guide("payment-page")
(PAGE,), (SERVER,), (REDIRECT, SCRIPT, POP_OUT) = GUIDE.files("html"), GUIDE.programs, GUIDE.files("js")
GOOD, REFUSED = "4000000000000002", "4100000000000076"


async def test_the_commands_of_the_guide_answer_what_it_shows(server: Server, account_id: str, tmp_path: Path) -> None:
    await GUIDE.compare_commands(server, account_id, in_folder(tmp_path), {})


def test_every_section_is_in_the_table_of_contents() -> None:
    GUIDE.check_contents()


def test_the_handlers_of_the_guide_are_those_of_the_sdk_and_one_that_newer_ones_have() -> None:
    declared = (SDK.parent / "declarations/src/index.d.ts").read_text()
    told = re.findall(r"^\| `(on\w+)` \|", GUIDE.text, re.MULTILINE)
    assert sorted(told) == sorted({"onAddressCallback", *re.findall(r"\b(on[A-Z]\w+)\?:", declared)})
    assert set(re.findall(r"^  (on\w+):", SCRIPT, re.MULTILINE)) == set(told) - {"onAddressCallback"}


def test_the_languages_and_the_words_of_the_guide_are_those_of_the_page() -> None:
    languages = load_languages()
    table = GUIDE.text.partition("\n## Languages\n")[2].partition("\n\nWhat ")[0]
    told = dict(re.findall(r"`([a-z]{2})` (\S[^|]*?) \|", table))
    assert told.keys() == languages.keys()
    names = {code: language.words["language.name"].casefold() for code, language in languages.items()}
    assert {code: name.casefold() for code, name in told.items()} == names
    said = " ".join(languages[FALLBACK].words.values())
    for words in re.findall(r"“(.*?)”", GUIDE.text, re.DOTALL):
        assert words.replace("\n  ", " ") in said


@dataclass
class Opened:
    """The guide's shop, as it stands in the guide, and a customer at it."""

    page: Page
    url: str

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("iframe")

    @property
    def sid(self) -> str:
        return parse_qs(urlsplit(self.page.url).query)["sid"][0]

    async def says(self, text: str) -> None:
        await expect(self.page.locator("#news")).to_have_text(text)

    async def has_it_wrapped(self) -> None:
        """By keyboard: a click right after the page was scrolled may land in the frame, which is another process."""
        await self.page.locator("#wrapping").press("Enter")

    async def ends(self) -> dict[str, str]:
        await self.page.wait_for_url("https://shop.example/thanks**")
        return {name: values[0] for name, values in parse_qs(urlsplit(self.page.url).query).items()}


@pytest.fixture
async def opened(
    server: Server, shop: Shop, tmp_path: Path, open_page: hosted.OpenPage, request: pytest.FixtureRequest
) -> AsyncIterator[Opened]:
    """`request.param`: a line that stands behind `endpoint`."""
    profile = next(command for command, _ in GUIDE.steps if '"theme"' in command).partition("profiles\" -d '")[2]
    answer = await shop.post("/v1/admin/session/profiles", json.loads(profile.rstrip().rstrip("'")))
    assert answer.status_code == 200, answer.text
    port, more = free_port(), getattr(request, "param", "")
    public = tmp_path / "public"
    public.mkdir()
    (public / "index.html").write_text(PAGE)
    endpoint = '  endpoint: "http://127.0.0.1:8080",\n'
    assert endpoint in SCRIPT
    script = SCRIPT.replace(endpoint, endpoint + more).replace("http://127.0.0.1:8080", server.url)
    (public / "shop.js").write_text(script)
    shutil.copy(SDK, public)
    environ = {**os.environ, "KVITT": server.url, "TOKEN": shop.http.headers["Authorization"].removeprefix("Bearer ")}
    program = SERVER.replace("3000", str(port))
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, env=environ, cwd=tmp_path)
    try:
        async with asyncio.timeout(10):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    break
        url = f"http://localhost:{port}"
        yield Opened(await open_page(url), url)
    finally:
        process.kill()
        await process.wait()


@pytest.mark.browser
async def test_a_customer_of_the_guide_s_shop_has_it_wrapped_and_pays_in_its_page(shop: Shop, opened: Opened) -> None:
    frame = opened.frame
    await expect(frame.get_by_test_id("total")).to_have_text("NOK 398.00")
    await opened.says("Pays with dintero_psp.creditcard")
    await frame.get_by_test_id("method-dintero_psp.vipps").check()
    await opened.says("Pays with dintero_psp.vipps")
    await frame.get_by_test_id("method-dintero_psp.creditcard").check()
    await type_card(frame, REFUSED)
    await frame.get_by_test_id("pay").click()
    await expect(frame.get_by_test_id("refusal")).to_contain_text("You have not been charged")  # and no handler ran
    await frame.get_by_test_id("card-number").fill(GOOD)
    await opened.has_it_wrapped()
    await opened.says("2 lines in the cart")
    await expect(frame.get_by_test_id("total")).to_have_text("NOK 448.00")
    await expect(frame.get_by_test_id("card-number")).to_have_value("4000 0000 0000 0002")

    dearer = {"order": {"amount": 50000, "items": [{"line_id": "1", "description": "Bench", "amount": 50000}]}}
    assert (await shop.put(f"/v1/sessions/{opened.sid}?update_without_lock=true", dearer)).status_code == 200
    await frame.locator("body").evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(frame.get_by_test_id("total")).to_have_text("NOK 500.00")
    await frame.get_by_test_id("pay").click()
    await expect(frame.get_by_test_id("refusal")).to_have_text("Your cart has changed. Load the page again.")
    await opened.has_it_wrapped()
    await expect(frame.get_by_test_id("pay")).to_have_text("Pay NOK 448.00")
    await frame.get_by_test_id("pay").click()
    transaction = (await shop.get(f"/v1/transactions/{(await opened.ends())['transaction_id']}")).json()
    assert (transaction["status"], transaction["amount"]) == ("AUTHORIZED", 44800)


@pytest.mark.browser
async def test_a_customer_who_gives_up_is_taken_back_and_one_who_comes_too_late_gets_a_new_session(
    shop: Shop, opened: Opened
) -> None:
    await expect(opened.frame.get_by_test_id("pay")).to_be_enabled()
    sid = opened.sid
    await opened.frame.get_by_test_id("cancel").click()
    assert (await opened.ends())["error"] == "cancelled"
    await opened.page.goto(f"{opened.url}/?sid={sid}")
    await expect(opened.frame.get_by_test_id("pay")).to_be_enabled()
    assert opened.sid != sid
    assert (await shop.post(f"/v1/sessions/{opened.sid}/cancel")).status_code == 200
    await opened.has_it_wrapped()
    await opened.says("The order cannot be changed now")


@pytest.mark.browser
@pytest.mark.parametrize("opened", [POP_OUT], indirect=True)
async def test_with_the_line_more_the_customer_pays_in_a_window(shop: Shop, opened: Opened) -> None:
    button = opened.page.locator("#dintero-checkout-sdk-launch-pop-out")
    await expect(button).to_have_text("Pay NOK 398.00")
    await expect(opened.frame.get_by_test_id("card-number")).to_have_count(0)
    async with opened.page.expect_popup() as opening:
        await button.click()
    window = await opening.value
    await type_card(window, GOOD)
    await window.get_by_test_id("pay").click()
    transaction = (await shop.get(f"/v1/transactions/{(await opened.ends())['transaction_id']}")).json()
    assert (transaction["status"], transaction["amount"]) == ("AUTHORIZED", 39800)


@pytest.mark.browser
async def test_the_page_that_the_customer_is_sent_to_has_the_shop_s_colours_with_what_the_guide_says_is_corrected(
    server: Server, opened: Opened
) -> None:
    page = opened.page
    await page.wait_for_url("**/?sid=*")
    call = REDIRECT.replace("http://127.0.0.1:8080", server.url)
    await page.evaluate(f"(sid) => {{ {call} }}", opened.sid)
    await page.wait_for_url(f"{server.url}/?**")
    pay = page.get_by_test_id("pay")
    await expect(pay).to_have_text("Betal 398,00 kr")
    await expect(pay).to_have_css("background-color", "rgb(255, 230, 0)")
    await expect(pay).to_have_css("color", "rgb(0, 0, 0)")
    await expect(pay).to_have_css("border-top-left-radius", "8px")
    await expect(page.locator(".payment")).to_have_css("border-top-left-radius", "32px")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert await page.evaluate(ground) == "rgb(18, 53, 91)"
    await page.emulate_media(color_scheme="dark")
    assert await page.evaluate(ground) not in ("rgb(18, 53, 91)", "rgba(0, 0, 0, 0)")
    await expect(page.get_by_role("link", name="Hage & Hjem")).to_have_attribute("href", "https://shop.example/terms")
    assert await page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]") == ["", 0, 0]
    await type_card(page, GOOD)
    await pay.click()
    assert "transaction_id" in await opened.ends()
