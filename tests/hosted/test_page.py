"""The page over HTTP: its headers, its files, its states, and what it does to a session."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import httpx
import pytest

from kvitt.core.clock import system_clock
from kvitt.core.ids import new_short_id
from tests_support import Shop

NewSession = Callable[..., Awaitable[str]]
CARD = {
    "payment_product_type": "dintero_psp.creditcard",
    "card": {"number": "4000000000000002", "expiry": "12/40", "cvc": "123"},
}
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}


async def test_the_page_is_there_under_both_addresses(http: httpx.AsyncClient, new_session: NewSession) -> None:
    sid = await new_session()
    for address in (f"/v1/view/{sid}", f"/?sid={sid}", f"/?sdk=0.9&language=no&sdk_hostname=x&sid={sid}"):
        page = await http.get(address)
        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "Stablestol for utendørsbruk" in page.text


async def test_every_answer_carries_the_strict_policy(http: httpx.AsyncClient, new_session: NewSession) -> None:
    sid = await new_session()
    for address in (f"/v1/view/{sid}", "/?sid=nobody", f"/v1/view/{new_short_id('T00000001', system_clock())}"):
        page = await http.get(address)
        assert set(page.headers["content-security-policy"].split("; ")) == POLICY
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("sid", ["nobody", "T12345678.x", "%3Cscript%3E", "T12345678.1111111111111111111111", "%2e%2e"])
async def test_a_session_that_is_not_there_has_a_page_of_its_own(http: httpx.AsyncClient, sid: str) -> None:
    for address in (f"/v1/view/{sid}?language=nb", f"/?sid={sid}&language=nb"):
        page = await http.get(address)
        if address.startswith("/v1") and sid == "%2e%2e":
            continue  # a client resolves the dots before it asks
        assert page.status_code == 404
        assert "Vi finner ikke denne betalingen" in page.text
        assert "<script>" not in page.text


async def test_the_root_without_a_session_says_that_the_link_is_incomplete(http: httpx.AsyncClient) -> None:
    page = await http.get("/")
    assert page.status_code == 404
    assert "We cannot find this payment" in page.text


async def test_the_language_comes_from_the_address_then_from_the_browser(
    http: httpx.AsyncClient, new_session: NewSession
) -> None:
    sid = await new_session()
    for address, accept, code in [
        (f"/v1/view/{sid}", "nb-NO,nb;q=0.9", "nb"),
        (f"/v1/view/{sid}?language=en", "nb-NO", "en"),
        (f"/v1/view/{sid}?language=no", "en", "nb"),
        (f"/v1/view/{sid}?language=tlh&language=x", "tlh", "en"),
        (f"/?sid={sid}&language=no", "", "nb"),
    ]:
        page = await http.get(address, headers={"accept-language": accept})
        assert page.status_code == 200
        assert f'<html lang="{code}"' in page.text
        assert page.headers["content-language"] == code


async def test_the_files_of_the_page_are_kept_for_good_and_an_old_page_finds_today_s(
    http: httpx.AsyncClient, new_session: NewSession
) -> None:
    page = await http.get(f"/v1/view/{await new_session()}")
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    assert {urlsplit(address).path.rpartition("/")[2] for address in addresses} >= {"page.js", "page.css", "icon.svg"}
    for address in addresses:
        file = await http.get(address)
        assert file.status_code == 200
        assert "immutable" in file.headers["cache-control"]
    old = await http.get("/static/hosted/000000000000/page.js")
    assert old.headers["content-type"].startswith("text/javascript")
    assert old.headers["cache-control"] == "no-cache"
    for missing in ("page.py", "..%2fpages.py", "nothing.js"):
        assert (await http.get(f"/static/hosted/000000000000/{missing}")).status_code == 404


async def test_the_first_look_is_an_event_of_the_session(
    http: httpx.AsyncClient, shop: Shop, new_session: NewSession
) -> None:
    sid = await new_session()
    for _ in range(3):
        await http.get(f"/v1/view/{sid}", headers={"user-agent": "A browser"})
    session = (await shop.get(f"/v1/sessions/{sid}")).json()
    assert [event["name"] for event in session["events"]] == ["INITIATED", "VISITED"]
    assert session["user_agent"] == "A browser"
    assert session["customer_ip"] == "127.0.0.1"


async def test_a_paid_session_says_so_and_leads_back_to_the_shop(
    http: httpx.AsyncClient, new_session: NewSession
) -> None:
    sid = await new_session()
    paid = (await http.post(f"/v1/sessions/{sid}/pay", json=CARD)).json()
    page = await http.get(f"/v1/view/{sid}?language=en")
    assert 'data-testid="state-paid"' in page.text
    assert f'href="{paid["redirect_url"].replace("&", "&amp;")}"' in page.text
    assert 'data-testid="pay"' not in page.text


async def test_a_cancelled_session_says_that_nothing_was_charged(
    http: httpx.AsyncClient, shop: Shop, new_session: NewSession
) -> None:
    sid = await new_session()
    assert (await shop.post(f"/v1/sessions/{sid}/cancel")).status_code == 200
    page = await http.get(f"/v1/view/{sid}?language=en")
    assert 'data-testid="state-cancelled"' in page.text
    assert "You have not been charged" in page.text
    assert "error=cancelled" in page.text
