"""Who may hold the page, who is heard by it, and what somebody learns who holds it without the web SDK."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.async_api import Page, expect

from kvitt.core.clock import system_clock
from kvitt.core.ids import new_short_id
from tests_support import Server, Shop

from .conftest import EmbedPage, ShopPage, type_card

New = Callable[..., Awaitable[str]]
OpenPage = Callable[..., Awaitable[Page]]
GOOD = "4000000000000002"
CARD = {
    "payment_product_type": "dintero_psp.creditcard",
    "card": {"number": GOOD, "expiry": "12/40", "cvc": "123"},
}
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
POST = "([said, to]) => document.querySelector('iframe').contentWindow.postMessage(said, to)"


def ancestors(answer: httpx.Response) -> str:
    return answer.headers["content-security-policy"].partition("frame-ancestors ")[2]


async def test_only_a_page_that_is_asked_for_a_frame_may_be_held_in_one(
    http: httpx.AsyncClient, new_session: New
) -> None:
    sid = await new_session()
    gone = new_short_id("T00000001", system_clock())
    for path in (f"/?sid={sid}&", f"/v1/view/{sid}?", f"/?sid={gone}&"):
        for framed in ("ui=inline", "ui=fullscreen", "role=pop_out_launcher&ui=inline", "sdk=1&ui=inline&ui=none"):
            assert ancestors(await http.get(path + framed)) == "*"
        for alone in (
            "sdk=1",
            "ui=fullscreen&role=pop_out_payment",
            "ui=INLINE",
            "ui=none&ui=inline",
            "loader=true&told=true",
        ):
            assert ancestors(await http.get(path + alone)) == "'none'"
    paying = await http.post(f"/v1/sessions/{sid}/pay", json={"payment_product_type": "dintero_psp.vipps"})
    assert ancestors(await http.get(paying.json()["approval_url"] + "?ui=inline")) == "'none'"
    assert ancestors(await http.get(f"/embedResult/?sid={sid}")) == "*"
    assert "x-frame-options" not in (await http.get(f"/?sid={sid}&ui=inline")).headers


async def test_the_result_page_says_what_the_session_says_and_nothing_else(
    http: httpx.AsyncClient, shop: Shop, new_session: New
) -> None:
    open_, paid, cancelled = await new_session(), await new_session(), await new_session()
    await http.post(f"/v1/sessions/{paid}/pay", json=CARD)
    await shop.post(f"/v1/sessions/{cancelled}/cancel")
    claims = "merchant_reference=7F 3K&transaction_id=T1.x&sdk=0.8.30"
    for query, result in [
        (f"sid={paid}&{claims}&error=cancelled", "paid"),
        (f"sid={cancelled}&{claims}", "cancelled"),
        (f"sid={open_}&{claims}", "result"),
        (f"sid={HOSTILE}&merchant_reference={HOSTILE}&error={HOSTILE}", "result"),
        (f"{claims}&error=failed", "result"),
        ("", "result"),
    ]:
        answer = await http.get(f"/embedResult/?{query}&language=en")
        assert answer.status_code == 200
        assert f'data-testid="result-{result}"' in answer.text
        assert ("has been paid" in answer.text) == (result == "paid")
        assert "onerror" not in answer.text.replace("\\u003e", "").split('id="page-data"')[0]
        assert "<img" not in answer.text


@pytest.mark.browser
async def test_strangers_and_strange_messages_are_not_heard(server: Server, new_session: New, embed: EmbedPage) -> None:
    sid, other = await new_session(), await new_session()
    shown = await embed(sid, "onSessionLocked")
    await shown.ready()
    await shown.types(GOOD)
    for said in (
        {"type": "SetLanguage", "sid": other, "language": "nb"},
        {"type": "SetLanguage", "language": "nb"},
        {"type": "SetLanguage", "sid": [sid], "language": "nb"},
        {"type": "SetLanguage", "sid": sid, "language": {"toString": "nb"}},
        {"type": "__proto__", "sid": sid},
        {"type": "constructor", "sid": sid},
        {"type": ["LockSession"], "sid": sid},
        {"type": "LockSession", "sid": sid.lower()},
        {"type": "OpenDoor", "sid": sid},
        {"ack": "x", "type": "LockSession", "sid": sid},
        "LockSession",
        None,
        [1, 2],
    ):
        await shown.page.evaluate(POST, [said, "*"])
    # The right words from the wrong window: another frame of the same page.
    await shown.page.evaluate(
        """sid => new Promise((done) => {
          const beside = document.createElement("iframe");
          beside.srcdoc = `<script>
            for (const type of ["LockSession", "SetLanguage"])
              parent.frames[0].postMessage({ type, sid: "${sid}", language: "nb" }, "*");
            parent.postMessage("said", "*");
          </script>`.replace("<\\\\/", "</");
          window.addEventListener("message", ({ data }) => data === "said" && done());
          document.body.append(beside);
        })""",
        sid,
    )
    await shown.page.evaluate(POST, [{"type": "RefreshSession", "sid": sid}, "*"])
    assert (await shown.hears("SessionUpdated"))["session"]["state"] == "open"
    assert await shown.page.evaluate("calls") == []
    assert len(await shown.heard("SessionLoaded")) == 1
    await expect(shown.frame.get_by_test_id("pay")).to_have_text("Pay NOK 398.00")
    await shown.page.evaluate(
        POST, [{"type": "SetActivePaymentProductType", "sid": sid, "payment_product_type": HOSTILE}, "*"]
    )
    await shown.hears("ActivePaymentProductType", nth=1)
    await expect(shown.frame.get_by_test_id("card-number")).to_have_value("4000 0000 0000 0002")
    await shown.page.evaluate(POST, [{"type": "SetLanguage", "sid": sid, "language": f"../../{HOSTILE}"}, "*"])
    await shown.hears("SessionLoaded", nth=1)
    await expect(shown.frame.locator("html")).to_have_attribute("dir", "ltr")
    assert await shown.frame.locator("img").count() == 0


@pytest.mark.browser
async def test_a_page_without_the_sdk_learns_what_the_protocol_says_and_the_customer_sees_how_it_ended(
    server: Server, shop_host: str, new_session: New, open_page: OpenPage
) -> None:
    sid = await new_session()
    src = f"{server.url}/?sid={sid}&ui=inline&language=en"
    held = ShopPage(await open_page(f"{shop_host}/other?src={quote(src, safe='')}"), sid)
    await expect(held.frame.get_by_test_id("pay")).to_be_enabled()
    await type_card(held.frame, GOOD)
    await held.frame.get_by_test_id("pay").click()
    await held.hears("SessionPaymentAuthorized")
    await expect(held.frame.get_by_test_id("state-paid")).to_be_visible()
    await expect(held.frame.get_by_test_id("back")).to_be_visible()
    heard: list[dict[str, Any]] = await held.page.evaluate("heard")
    assert {one["origin"] for one in heard} == {server.url}
    types = [one["data"]["type"] for one in heard]
    assert set(types) == {
        "LanguageChanged", "SessionLoaded", "ActivePaymentProductType", "HeightChanged", "ScrollToTop",
        "SessionPaymentAuthorized",
    }  # fmt: skip
    assert types.count("SessionPaymentAuthorized") == 1
    said = str([one["data"] for one in heard]).replace(" ", "")
    for secret in (GOOD, GOOD[:8], "12/40", "'123'"):
        assert secret not in said
    await held.frame.get_by_test_id("back").click()
    await held.page.wait_for_url("https://shop.example/thanks**")


@pytest.mark.browser
async def test_the_right_window_with_a_strange_origin_is_not_heard(
    server: Server, shop_host: str, new_session: New, open_page: OpenPage
) -> None:
    """As when the shop's page has left for another site, and the window that it opened is still there."""
    sid = await new_session()
    src = f"{server.url}/?sid={sid}&ui=fullscreen&role=pop_out_payment&language=en"
    opener = await open_page(f"{shop_host}/other")
    async with opener.expect_popup() as opening:
        await opener.evaluate("src => { window.made = open(src, 'dintero-checkout'); }", src)
    window = await opening.value
    await opener.wait_for_function("heard.some(({ data }) => data.type === 'AppLoaded' && data.context === 'popOut')")
    await expect(window.get_by_test_id("pay")).to_be_enabled()
    inert = """([origin, sid]) => {
      const data = { type: "LockSession", sid };
      dispatchEvent(new MessageEvent("message", { source: window.opener, origin, data }));
      return document.querySelector('[data-panel="form"]').inert;
    }"""
    for strange in ("https://elsewhere.example", "null", server.url, shop_host.replace("localhost", "127.0.0.1")):
        assert await window.evaluate(inert, [strange, sid]) is False
    assert await window.evaluate(inert, [shop_host, sid]) is True
    assert set(await opener.evaluate("heard.map(({ origin }) => origin)")) == {server.url}


@pytest.mark.browser
async def test_newer_sdks_are_asked_about_addresses_and_take_the_customer_to_the_bank(
    server: Server, shop_host: str, new_session: New, open_page: OpenPage
) -> None:
    """The newest SDK that npm has does not know these three messages yet: here the holder speaks them itself."""
    sid = await new_session()
    src = f"{server.url}/?sid={sid}&ui=inline&language=en&client_side_address_callback=true"
    held = ShopPage(await open_page(f"{shop_host}/other?src={quote(src, safe='')}"), sid)
    await expect(held.frame.get_by_test_id("pay")).to_be_enabled()
    ask = """async () => {
      const host = document.querySelector('script[type=module]').src.replace('page.js', 'host.js');
      return (await import(host)).addressAllowed({ id: 'draft', order: { shipping_address: { country: 'NO' } } });
    }"""
    answers = [{"success": True}, {"success": False, "error": "Not to <b>Oslo</b>"}, {"success": "true"}]
    await held.page.evaluate(
        """([answers, sid]) => window.addEventListener("message", ({ data }) => {
          const tell = (said) => held.contentWindow.postMessage(said, "*");
          if (data.type === "AddressCallback") tell({ type: "AddressCallbackResult", sid, ...answers.shift() });
          if (data.type === "TopLevelNavigation") tell({ ack: data.mid });
          if (data.type === "TopLevelNavigation") window.go = () => location.assign(data.href);
        })""",
        [answers, sid],
    )
    ours = "A shop could not accept the order. Check it, and try again."
    for nth, error in enumerate([None, "Not to <b>Oslo</b>", ours]):
        assert await held.frame.locator("body").evaluate(ask) == {"allowed": error is None, "error": error}
        asked = await held.hears("AddressCallback", nth=nth)
        assert asked["session"]["order"]["shipping_address"] == {"country": "NO"}
    await held.frame.get_by_test_id("method-dintero_psp.vipps").check()
    await held.frame.get_by_test_id("pay").click()
    assert "/sandbox/approvals/" in (await held.hears("TopLevelNavigation"))["href"]
    await expect(held.frame.get_by_test_id("leaving")).to_contain_text("Go on to approve")
    await held.page.evaluate("setTimeout(go)")
    await expect(held.page.get_by_test_id("approve")).to_be_visible()
