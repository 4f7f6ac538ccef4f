"""Every text that a page of ours shows, written by somebody who would like it to be more than text.

The views are filled by their types: a member that somebody adds tomorrow is hostile here by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from urllib.parse import quote, urlsplit

import httpx
import msgspec
import pytest
from playwright.async_api import Page, Route

from kvitt.checkout.model.session import SessionState
from kvitt.checkout.model.view import View
from kvitt.hosted.approval_view import approval_page
from kvitt.hosted.assets import load_assets
from kvitt.hosted.headers import page as answer
from kvitt.hosted.languages import load_languages
from kvitt.hosted.mode import RESULT, PageQuery, mode_of
from kvitt.hosted.render import Pages, Place
from kvitt.hosted.theme import style_of
from kvitt.hosted.view import plain
from kvitt.sandbox.flows.approvals import Approval
from tests_support import Server, Shop

from .conftest import ways

OpenPage = Callable[..., Awaitable[Page]]

SID = "T12345678.5cyWnV68vzJ1kYjZPrKWWm"
LANGUAGES = load_languages()
PAGES = Pages(LANGUAGES)
PLACE = Place("", f"/static/hosted/{load_assets().version}", f"/v1/view/{SID}")

MARKUP = (
    "</script><script>window.ran=1</script>\"><svg onload=window.ran=2>'><img src=https://evil.example/x "
    "onerror=window.ran=3><!--<style>*{display:none}</style></title></textarea></select>"
    "{{7*7}}${7*7}{% x %}{amount}{merchant}{constructor}&lt;b&gt;"
)
CONTROL = (
    "\u202e\u2066\u200f\u061c\u200b\ufeff\x00\x07\x1b[31m\r\n\t\u2028\x85 00,1 rk\u202dאבג\u2069 ١٢٣" + "a\u0334" * 20
)
LONG = "W" * 200
ADDRESSES = [
    "javascript:window.ran=4", "JaVa\tscript:window.ran=5", "\x01javascript:window.ran=6", "data:text/html,<script>1",
    'https://shop.example/?"><svg onload=window.ran=7>', "vbscript:x", "//evil.example", "https://[", "blob:https://x/y",
]  # fmt: skip

FOUND = r"""() => {
  const everything = [...document.querySelectorAll("*:not(script)")];
  const texts = everything.flatMap((one) => [
    ...[...one.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data),
    ...one.getAttributeNames().filter((name) => !/^(data-|value$)/.test(name)).map((name) => one.getAttribute(name)),
    one.matches("[type=radio], option") || typeof one.value !== "string" ? "" : one.value,
  ]);
  const ours = "svg.icon, svg.icon *, head > style";
  const strange = `img, iframe, object, embed, style, svg, base,
    script:not([type="application/json"]):not([src^="/static/"])`;
  const unseen = /[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066\u2067\ufeff]/;
  const count = (text, sign) => text.split(sign).length;
  return {
    ran: window.ran ?? null,
    strange: [...document.querySelectorAll(strange)].filter((one) => !one.matches(ours)).map((one) => one.outerHTML),
    handlers: everything.filter((one) => one.getAttributeNames().some((name) => name.startsWith("on"))).length,
    schemes: [...document.links].map((link) => link.protocol).filter((each) => !["http:", "https:"].includes(each)),
    turned: texts.filter((text) => unseen.test(text) || count(text, "\u2068") !== count(text, "\u2069")),
    amounts: [...document.querySelectorAll(".amount")].map((one) => one.textContent),
    wide: document.documentElement.scrollWidth,
    evaluated: texts.filter((text) => /\b49\b|function Object/.test(text)),
  };
}"""
"""`turned`: what could change the direction of the text around it. Our own isolates come in pairs."""
CLEAN = {"ran": None, "strange": [], "handlers": 0, "schemes": [], "turned": [], "evaluated": []}
AMOUNT = set("NOK kr.,-−–:\xa00123456789")
KEPT = {
    "currency": "NOK",
    "countries": None,
    "payment_operation": None,
    "payment_product_type": "dintero_psp.creditcard",
}
"""What no shop and no customer words."""


def filled(kind: Any, text: str, address: str, name: str = "") -> Any:
    """A value of the type, with the text wherever a text may stand."""
    if name in KEPT:
        return KEPT[name]
    if kind is str:
        return address if name == "href" or name.endswith("url") else text
    if kind in (int, float, bool, Any):
        return {int: 39800, float: 25.5, bool: True, Any: text}[kind]
    if kind is datetime:
        return datetime(2026, 11, 24, 12, tzinfo=UTC)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return inner[0]
    if origin in (Union, UnionType):
        return filled(inner[0], text, address, name)
    if origin is tuple:
        return (filled(inner[0], text, address, name),)
    if origin is dict:
        days = {"day_of_week": 1, "opens_at": text, "closes_at": "16:00", text: text}
        return {text: text, "starts_at": text, "working_days": [text], "arrival_day_of_week": text, "periods": [days]}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind(**{each: filled(of, text, address, each) for each, of in get_type_hints(kind).items()})
    raise TypeError(f"{name}: {kind}")


def hostile_pages(text: str, code: str, states: tuple[SessionState, ...]) -> Iterator[tuple[str, bytes, str]]:
    """(what it is, the page, the style of its theme): every template."""
    language = LANGUAGES[code]
    for at, state in enumerate(states):
        view = msgspec.structs.replace(filled(View, text, ADDRESSES[at % len(ADDRESSES)]), id=SID, state=state)
        style = style_of(view.theme)
        yield state, PAGES.session(view, language, PLACE), style
        if state == "open":
            launcher = mode_of(PageQuery(role=("pop_out_launcher",), sdk_hostname=(text,)))
            plainer = msgspec.structs.replace(view, express=None, saved_cards=())
            yield "launcher", PAGES.session(view, language, PLACE, launcher), style
            yield "without steps", PAGES.session(plainer, language, PLACE), style
            yield "result", PAGES.result(view, text, language, PLACE, RESULT), style
    approval = msgspec.structs.replace(filled(Approval, text, ""), session_id=SID)
    for kind, review in (("three_d_secure", False), ("app", False), ("invoice", True)):
        shown = msgspec.structs.replace(approval, kind=kind, in_review=review)
        yield kind, approval_page(PAGES, shown, 600, language, PLACE), ""
    framed = mode_of(PageQuery(ui=("inline",), sdk_hostname=(text,)))
    yield "loading", PAGES.loading(language, PLACE, text, framed), ""
    yield "missing", PAGES.apology("missing", language, PLACE, text, framed), ""


@pytest.mark.browser
async def test_hostile_texts_stay_texts_on_every_page_and_in_every_state(server: Server, open_page: OpenPage) -> None:
    page = await open_page("about:blank", viewport={"width": 320, "height": 640})
    asked: list[str] = []
    shown: tuple[str, bytes, str] = ("", b"", "")

    async def serve(route: Route) -> None:
        if urlsplit(route.request.url).path != f"/v1/view/{SID}":
            return await route.fulfill(status=503, json={})
        _, html, style = shown
        headers = {**answer(html, "en", style=style).headers, "content-type": "text/html; charset=utf-8"}
        return await route.fulfill(body=html, headers=headers)

    page.on("request", lambda request: asked.append(request.url))
    await page.route(f"{server.url}/v1/**", serve)
    problems: list[tuple[str, Any]] = []
    for text, code, states in (
        (MARKUP + CONTROL, "en", get_args(SessionState)),
        (LONG, "de", ("open", "paying", "paid")),
    ):
        for shown in hostile_pages(text, code, states):
            await page.goto(f"{server.url}/v1/view/{SID}")
            found = await page.evaluate(FOUND)
            problems += [(shown[0], found[name]) for name, good in CLEAN.items() if found[name] != good]
            problems += [(shown[0], found["wide"])] if found["wide"] > 320 else []
            problems += [(shown[0], amount) for amount in found["amounts"] if not set(amount) <= AMOUNT]
    assert problems == []
    assert [url for url in asked if not url.startswith(f"{server.url}/")] == []


LINK = {"url": 'https://shop.example/?"><svg onload=window.ran=8>', "text": MARKUP}
ITEM = {"id": MARKUP, "line_id": MARKUP, "description": MARKUP, "quantity": 1, "amount": 39800, "vat": 25}
OPTION = {
    "id": MARKUP,
    "line_id": MARKUP + "2",
    "title": MARKUP,
    "operator": MARKUP,
    "description": MARKUP,
    "amount": 0,
}
ADDRESS = {"first_name": MARKUP, "last_name": MARKUP, "address_line": MARKUP, "country": "NO", "email": MARKUP}
QUERY = {name: MARKUP[:160] for name in PageQuery.__struct_fields__ if name not in ("sid", "ui", "role", "loader")}


@pytest.mark.browser
async def test_what_a_shop_may_send_stays_text_from_the_api_to_the_screen(
    server: Server, shop: Shop, http: httpx.AsyncClient, open_page: OpenPage
) -> None:
    body = {
        "url": {"return_url": LINK["url"].replace(" ", "+"), "merchant_terms_url": LINK["url"].replace(" ", "+")},
        "order": {
            "amount": 39800, "currency": "NOK", "merchant_reference": MARKUP[:250], "items": [ITEM],
            "shipping_option": OPTION, "shipping_address": ADDRESS, "discount_codes": [MARKUP[:90]],
        },
        "merchant": {"name": MARKUP, "logo_url": "https://evil.example/logo.png"},
        "checkboxes": [{"id": MARKUP, "label": MARKUP, "link": {**LINK, "url": LINK["url"].replace(" ", "+")}}],
        "express": {"shipping_options": [OPTION], "discount_codes": {"max_count": 3}},
        "configuration": ways("dintero_psp.creditcard", theme={"primary": MARKUP, "backdrop": "red;}*{display:none"}),
    }  # fmt: skip
    created = await shop.post("/v1/sessions", body)
    assert created.status_code == 200, created.text
    sid = created.json()["id"]
    asked: list[str] = []
    page = await open_page("about:blank", viewport={"width": 320, "height": 640})
    page.on("request", lambda request: asked.append(request.url))
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in QUERY.items())
    for address in (
        f"/?sid={quote(MARKUP[:160], safe='')}&{query}",
        f"/?sid={sid}&{query}",
        f"/v1/view/{sid}?{query}&language=en",
    ):
        raw = await http.get(address)
        assert raw.headers["content-language"] == "en", raw.text
        assert not any("script" in text or "evil" in text for text in _but_policy(raw.headers)), raw.headers
        await page.goto(f"{server.url}{address}")
        found = await page.evaluate(FOUND)
        assert found["wide"] <= 320
        assert {name: value for name, value in found.items() if name in CLEAN} == CLEAN
    assert await page.locator("#summary-heading bdi").inner_text() == MARKUP
    assert all(url.startswith((server.url, "about:")) for url in asked)
    said = "async (at) => (await import(at)).words('waiting.slow')"
    assert MARKUP in await page.evaluate(said, f"/static/hosted/{load_assets().version}/data.js")


def test_what_cannot_be_seen_is_no_name_and_signs_do_not_pile_up() -> None:
    for unseen in ("\u3164", "\u115f\u1160", "\uffa0", "\u180e", "\ufff9\ufffb", CONTROL[:6]):
        assert plain(unseen) == ""
    assert plain("a" + "\u0300" * 50 + "b" + "\u0323\u0302") == "a" + "\u0300" * 4 + "b\u0323\u0302"


def _but_policy(headers: httpx.Headers) -> list[str]:
    return [value for name, value in headers.items() if name != "content-security-policy"]
