"""Light and private: what the page weighs, whom it asks, and what it leaves behind."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import sha384
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Page, Request, Route, expect

from kvitt.hosted.assets import load_assets
from kvitt.hosted.inventory import document, scripts
from kvitt.hosted.packing import takes_gzip
from tests_support import Server

NewSession = Callable[..., Awaitable[str]]
NewChoice = Callable[..., Awaitable[str]]
OpenPage = Callable[..., Awaitable[Page]]
DOCUMENT = Path(__file__).parents[2] / "docs" / "page-scripts.md"
NUMBER = "4000000000000002"
TAG = re.compile(r"<(?:script|link)\b[^>]*>")
ADDRESS = re.compile(r'(?:src|href)="([^"]+)"')


def names(html: str, *kinds: str) -> list[str]:
    """The files of those tags of the page that are one of these kinds."""
    tags = [tag for tag in TAG.findall(html) if any(kind in tag for kind in kinds)]
    return [ADDRESS.findall(tag)[0].rpartition("/")[2] for tag in tags]


async def test_scripts_and_styles_are_light(http: httpx.AsyncClient, new_choice: NewChoice) -> None:
    """With every module that any kind of session needs, as it travels."""
    everything = [asset for name, asset in load_assets().by_name.items() if name.endswith(".js")]
    assert sum(len(gzip.compress(asset.content)) for asset in everything) < 50_000
    assert len(gzip.compress(load_assets().by_name["page.css"].content)) < 30_000
    page = (await http.get(f"/v1/view/{await new_choice('dintero_psp.creditcard')}")).text
    weight = 0
    for tag in TAG.findall(page):
        if "modulepreload" in tag or "src=" in tag:
            answer = await http.get(ADDRESS.findall(tag)[0], headers={"accept-encoding": "gzip"})
            assert answer.headers["content-encoding"] == "gzip"
            assert answer.headers["vary"] == "accept-encoding"
            weight += int(answer.headers["content-length"])
    assert 5_000 < weight < 50_000


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip, deflate, br, zstd", True),
        ("br;q=1.0, GZIP;q=0.8", True),
        ("gzip; q=0.001", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, br", False),
        ("br", False),
        ("", False),
        (None, False),
    ],
)
def test_a_page_is_packed_for_whoever_takes_it(accepted: str | None, takes: bool) -> None:
    assert takes_gzip(accepted) == takes


async def test_a_packed_page_is_the_same_page(http: httpx.AsyncClient, new_session: NewSession) -> None:
    address = f"/v1/view/{await new_session()}"
    packed = await http.get(address, headers={"accept-encoding": "gzip"})
    plain = await http.get(address, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text
    assert int(packed.headers["content-length"]) * 2 < int(plain.headers["content-length"])


@pytest.mark.parametrize("frame", ["", "&sdk=0.8.30&ui=inline", "&sdk=0.8.30&role=pop_out_launcher"])
async def test_every_script_and_style_is_held_to_its_digest(
    http: httpx.AsyncClient, new_choice: NewChoice, frame: str
) -> None:
    sid = await new_choice("payex.vipps", "dintero_psp.creditcard")
    payment = {"payment_product_type": "payex.vipps"}
    approval = (await http.post(f"/v1/sessions/{await new_choice('payex.vipps')}/pay", json=payment)).json()[
        "approval_url"
    ]
    for address in (f"/?sid={sid}{frame}", f"/?sid=nobody{frame}", approval):
        page = (await http.get(address)).text
        assert "page.css" in page
        for tag in TAG.findall(page):
            if "application/json" in tag or 'rel="icon"' in tag:
                continue
            content = (await http.get(ADDRESS.findall(tag)[0])).content
            digest = b64encode(sha384(content).digest()).decode()
            assert f'integrity="sha384-{digest}"' in tag, tag


async def test_what_a_script_imports_was_asked_for_before_it(http: httpx.AsyncClient, new_session: NewSession) -> None:
    """An import has no digest of its own: it takes what the link before it brought."""
    page = (await http.get(f"/v1/view/{await new_session()}")).text
    files = names(page, "modulepreload", "src=")
    assert files[-1] == "page.js"
    assert set(files) == {"page.js", *load_assets().imports["page.js"]}
    assert len(files) == len(set(files))


async def test_the_style_sheet_alone_keeps_the_page_from_being_painted(
    http: httpx.AsyncClient, new_session: NewSession
) -> None:
    """Modules are run when the page is there, and no script, frame or face of letters stands in their way."""
    page = (await http.get(f"/v1/view/{await new_session()}")).text
    assert [tag for tag in TAG.findall(page) if tag.startswith("<script") and 'type="module"' not in tag] == [
        '<script type="application/json" id="page-data">'
    ]
    assert len(names(page, 'rel="stylesheet"')) == 1
    assert "@import" not in load_assets().by_name["page.css"].content.decode()
    assert "@font-face" not in load_assets().by_name["page.css"].content.decode()


@pytest.mark.browser
async def test_a_payment_asks_nobody_else_and_leaves_nothing_behind(
    server: Server, new_choice: NewChoice, open_page: OpenPage
) -> None:
    page = await open_page("about:blank")
    asked: list[Request] = []
    page.on("request", lambda one: asked.append(one))
    theme = {"primary": "#ffe600", "backdrop": "#101b3d", "cardRadius": 0}
    sid = await new_choice("dintero_psp.creditcard", "payex.vipps", theme=theme)
    await page.goto(f"{server.url}/v1/view/{sid}")
    await page.get_by_test_id("card-number").press_sequentially(NUMBER)
    await page.get_by_test_id("card-expiry").fill("12/40")
    await page.get_by_test_id("card-cvc").fill("987")
    written = await page.evaluate("document.documentElement.outerHTML")  # attributes, not what a field holds now
    for secret in (NUMBER, "4000 0000 0000 0002", "987"):
        assert secret not in re.sub(r'<aside class="test".*?</aside>|integrity="[^"]*"', "", written, flags=re.DOTALL)
    await page.get_by_test_id("pay").click()
    await page.wait_for_url("https://shop.example/**")
    ours = urlsplit(server.url).netloc
    assert {urlsplit(one.url).netloc for one in asked} == {ours, "shop.example"}
    for one in asked:
        assert NUMBER not in one.url
        assert "987" not in urlsplit(one.url).query
        sent = one.post_data or ""
        assert (NUMBER in sent) == one.url.endswith("/pay")
        assert "cookie" not in one.headers
    await page.goto(f"{server.url}/v1/view/{sid}")
    kept = await page.evaluate(
        """async () => [
          document.cookie, localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,
          (await navigator.serviceWorker?.getRegistrations() ?? []).length, JSON.stringify(history.state),
        ]"""
    )
    assert kept == ["", 0, 0, 0, 0, "null"]
    assert await page.context.cookies() == []


@pytest.mark.browser
async def test_a_file_that_was_changed_on_its_way_is_not_run(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    """Each module in turn: whatever comes in its place, the page cannot be paid with it."""
    address = f"{server.url}/v1/view/{await new_session()}"
    page = await open_page(address)
    await expect(page.get_by_test_id("pay")).to_be_enabled()

    async def answer(body: bytes, route: Route) -> None:
        await route.fulfill(body=body, content_type="text/javascript")

    for name in ("page.js", *load_assets().imports["page.js"]):
        changed = load_assets().by_name[name].content + b"\nwindow.changed = true;"
        await page.route(f"**/{name}", partial(answer, changed))
        await page.goto(address, wait_until="load")
        assert await page.evaluate("[window.changed ?? false, 'ready' in document.documentElement.dataset]") == [
            False,
            False,
        ], name
        await expect(page.get_by_test_id("pay")).to_be_disabled()
        await page.unroute(f"**/{name}")
    await page.goto(address)
    await expect(page.get_by_test_id("pay")).to_be_enabled()


def test_every_script_says_what_it_is_for_and_belongs_to_a_page() -> None:
    for script in scripts():
        assert script.pages, f"{script.name} is loaded by no page"
        assert re.fullmatch(r"[A-Z].{10,}[.]", script.purpose), f"{script.name}: {script.purpose}"


def test_the_list_of_scripts_is_the_one_in_the_docs() -> None:
    assert DOCUMENT.read_text() == document(), "kvitt page-scripts > docs/page-scripts.md"
    printed = subprocess.run(
        [Path(sys.executable).parent / "kvitt", "page-scripts", "--json"], capture_output=True, check=True, timeout=60
    ).stdout
    listed = json.loads(printed)
    assert [script["name"] for script in listed] == [script.name for script in scripts()]
    assert listed[0]["integrity"] == load_assets().integrity(listed[0]["name"])
