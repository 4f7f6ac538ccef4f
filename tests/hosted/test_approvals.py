"""The simulated bank and apps: who may decide, what is told, and what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, get_args
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Page, Route, expect

from kvitt.checkout.model.payment import WaitKind
from kvitt.hosted.approval_view import approval_page, clock_face
from kvitt.hosted.languages import load_languages
from kvitt.hosted.render import Pages, Place
from kvitt.sandbox.flows.approvals import Approval, ApprovalState
from tests_support import Server, Shop

from .test_page import POLICY
from .test_paying import at_the_shop

NewChoice = Callable[..., Awaitable[str]]
OpenPage = Callable[..., Awaitable[Page]]
LANGUAGES = load_languages()
LISTEN = """text => {
  window.spoken = [];
  new MutationObserver((changes) => window.spoken.push(...changes)).observe(text, {childList: true, subtree: true});
}"""
HOSTILE = "</script><script>alert(1)</script>\"><img src=x onerror=alert(2)>'{amount}"


@pytest.fixture
async def approval(http: httpx.AsyncClient, new_choice: NewChoice) -> str:
    """The address of a simulated app that waits for a payment of 398.00 NOK with Vipps."""
    return await waiting(http, await new_choice("payex.vipps"), "payex.vipps", phone_number="+4740230256")


async def waiting(http: httpx.AsyncClient, sid: str, product: str, **given: Any) -> str:
    answer = await http.post(f"/v1/sessions/{sid}/pay", json={"payment_product_type": product, **given})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["approval_url"])


async def state_of(http: httpx.AsyncClient, approval: str) -> str:
    return str((await http.get(f"{approval}/state")).json()["state"])


def made(kind: WaitKind = "app", state: ApprovalState = "waiting", **changes: Any) -> Approval:
    members: dict[str, Any] = {
        "attempt_id": "a", "session_id": "T12345678.x", "payment_product_type": "vipps", "kind": kind, "amount": 39800,
        "currency": "NOK", "merchant_name": "Hage & Hjem", "phone_number": "+4740230256", "state": state,
        "created_at": datetime(2026, 11, 23, 12, tzinfo=UTC), "expires_at": datetime(2026, 11, 23, 12, 10, tzinfo=UTC),
        **changes,
    }  # fmt: skip
    return Approval(**members)


def html(approval: Approval, language: str = "en", seconds: int = 600) -> str:
    place = Place("", "/static/hosted/1", "/sandbox/approvals/T12345678/a")
    page = approval_page(Pages(LANGUAGES), approval, seconds, LANGUAGES[language], place)
    return page.decode().replace("\xa0", " ")


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("state", [*get_args(ApprovalState), "review"])
@pytest.mark.parametrize("kind", get_args(WaitKind))
def test_every_place_and_state_has_its_page_in_every_language(kind: WaitKind, state: str, language: str) -> None:
    review = state == "review"
    approval = made(kind, "waiting" if review else state, in_review=review)  # type: ignore[arg-type]
    page = html(approval, language)
    words = LANGUAGES[language].words
    assert words["approval.simulation_text"] in page
    assert page.count("<h1>") == 1
    for text in ("Hage &amp; Hjem", "398", "Vipps", "+4740230256"):
        assert text in page
    undecided = approval.state == "waiting"
    assert ('data-testid="approve"' in page) == undecided
    assert ('data-testid="decline"' in page) == undecided
    assert ('data-testid="onward"' in page) != undecided
    assert ('role="timer" aria-live="off"' in page) == (state == "waiting")


def test_what_the_shop_is_called_stays_text() -> None:
    page = html(made(merchant_name=HOSTILE, phone_number=HOSTILE, payment_product_type=HOSTILE))
    assert "<script>alert" not in page
    assert "<img" not in page
    assert page.count("<script") == 2  # our module and the data block


def test_the_time_that_is_left_is_told_as_on_a_clock() -> None:
    assert [clock_face(seconds) for seconds in (0, 9, 600, 3599, 3600, 90061)] == [
        "0:00", "0:09", "10:00", "59:59", "1:00:00", "25:01:01",
    ]  # fmt: skip


async def test_the_page_has_the_strict_headers_of_the_payment_page(http: httpx.AsyncClient, approval: str) -> None:
    page = await http.get(approval, headers={"accept-language": "nb"})
    assert page.status_code == 200
    assert "Ingen ekte bank eller app blir spurt, og ingen penger flyttes." in page.text
    assert set(page.headers["content-security-policy"].split("; ")) == POLICY
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["content-language"] == "nb"


async def test_a_program_decides_and_the_first_decision_counts(http: httpx.AsyncClient, approval: str) -> None:
    answers = [await http.post(approval, json={"decision": each}) for each in ("decline", "approve", "decline")]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len({answer.json()["href"] for answer in answers}) == 1
    assert await state_of(http, approval) == "declined"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://[evil"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "content-type": "text/plain"},
    ],
)
async def test_a_page_of_another_site_may_not_decide(
    http: httpx.AsyncClient, approval: str, headers: dict[str, str]
) -> None:
    answer = await http.post(approval, content='{"decision": "approve"}', headers=headers)
    assert answer.status_code == 403
    assert await state_of(http, approval) == "waiting"


async def test_the_page_itself_may_decide_by_whatever_name_it_is_reached(
    http: httpx.AsyncClient, server: Server, approval: str
) -> None:
    for origin, host in [(server.url, "inside:1"), ("http://shop.local:7", "shop.local:7")]:
        headers = {"origin": origin, "host": host, "sec-fetch-site": "same-origin"}
        answer = await http.post(approval, json={"decision": "approve"}, headers=headers)
        assert answer.status_code == 200


async def test_the_time_may_be_let_run_out_for_one_payment_alone(
    http: httpx.AsyncClient, shop: Shop, new_choice: NewChoice, approval: str
) -> None:
    other = await waiting(http, await new_choice("payex.vipps"), "payex.vipps")
    clock = f"/v1/accounts/{shop.account_id}/sandbox/clock"
    answer = await http.post(approval, json={"decision": "run_out"})
    assert answer.status_code == 200
    assert await state_of(http, approval) == "expired"
    assert (await http.post(approval, json={"decision": "approve"})).json() == answer.json()
    assert await state_of(http, approval) == "expired"
    assert await state_of(http, other) == "waiting"
    assert (await shop.get(clock)).json()["ahead"] == "PT0S"


@pytest.mark.parametrize("body", ['{"decision": "hold"}', "{}", "approve", ""])
async def test_no_other_decision_is_taken(http: httpx.AsyncClient, approval: str, body: str) -> None:
    answer = await http.post(approval, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert await state_of(http, approval) == "waiting"


async def test_there_is_nothing_for_live_accounts_other_accounts_and_unknown_ids(
    http: httpx.AsyncClient, approval: str, account_id: str
) -> None:
    attempt_id = approval.rpartition("/")[2]
    for account in ("P12345678", "P" + account_id[1:], "T99999999", "%2e%2e", "<b>"):
        page = await http.get(f"/sandbox/approvals/{account}/{attempt_id}?language=en")
        assert page.status_code == 404
        assert "We cannot find this payment" in page.text or account == "%2e%2e"
        assert "<b>" not in page.text
        for path in (f"/sandbox/approvals/{account}/{attempt_id}", f"/sandbox/approvals/{account_id}/{'x' * 5_000}"):
            assert (await http.post(path, json={"decision": "approve"})).status_code == 404
            assert (await http.get(f"{path}/state")).status_code == 404
    for odd in ("%00", "%ff", "%2fstate"):
        for path in (f"/sandbox/approvals/{account_id}/{odd}", f"/sandbox/approvals/{account_id}/{odd}/state"):
            assert (await http.get(path)).status_code in (400, 404)
    assert await state_of(http, approval) == "waiting"


async def advance(shop: Shop, duration: str) -> None:
    answer = await shop.post(f"/v1/accounts/{shop.account_id}/sandbox/clock", {"advance": duration})
    assert answer.status_code == 200, answer.text


@pytest.mark.browser
async def test_the_time_runs_down_and_out_by_the_account_s_clock(
    shop: Shop, approval: str, open_page: OpenPage
) -> None:
    page = await open_page(f"{approval}?language=en")
    await expect(page.get_by_test_id("approve")).to_be_enabled()
    await expect(page.locator("#news")).to_be_empty()
    await advance(shop, "PT9M30S")
    await expect(page.locator("#news")).to_have_text("Less than a minute is left.", timeout=15_000)
    await page.locator("#news").evaluate(LISTEN)
    before = await page.get_by_test_id("left").inner_text()
    await expect(page.get_by_test_id("left")).not_to_have_text(before)
    assert await page.evaluate("window.spoken") == []  # a second that passes is nothing to speak of
    await advance(shop, "PT1M")
    await expect(page.get_by_test_id("approval-expired")).to_be_visible(timeout=15_000)
    await page.get_by_test_id("onward").click()
    await expect(page.get_by_test_id("refusal")).to_contain_text("The time to approve the payment ran out.")


@pytest.mark.browser
async def test_two_who_decide_at_once_are_sent_to_one_truth(
    http: httpx.AsyncClient, approval: str, open_page: OpenPage
) -> None:
    first, second = await open_page(f"{approval}?language=en"), await open_page(f"{approval}?language=en")
    for page in (first, second):
        await expect(page.get_by_test_id("approve")).to_be_enabled()
    await asyncio.gather(first.get_by_test_id("approve").click(), second.get_by_test_id("decline").click())
    for page in (first, second):
        await page.wait_for_url(lambda url: "/sandbox/approvals/" not in url)
    if await state_of(http, approval) == "approved":
        assert (await at_the_shop(first)) == (await at_the_shop(second))
    else:
        for page in (first, second):
            await expect(page.get_by_test_id("refusal")).to_contain_text("You declined the payment.")


@pytest.mark.browser
async def test_what_another_one_decided_shows_by_itself(
    http: httpx.AsyncClient, approval: str, open_page: OpenPage
) -> None:
    page = await open_page(f"{approval}?language=en")
    await expect(page.get_by_test_id("approve")).to_be_enabled()
    await http.post(approval, json={"decision": "approve"})
    await expect(page.get_by_test_id("approval-approved")).to_be_visible(timeout=15_000)
    await page.get_by_test_id("onward").click()
    assert "transaction_id" in await at_the_shop(page)


@pytest.mark.browser
async def test_an_answer_that_is_lost_may_be_given_again(approval: str, open_page: OpenPage) -> None:
    page = await open_page(f"{approval}?language=en")

    async def lose(route: Route) -> None:
        if route.request.method != "POST":
            return await route.continue_()
        await route.fetch()
        return await route.abort("connectionreset")

    pattern = f"**{urlsplit(approval).path}"
    await page.route(pattern, lose)
    await page.get_by_test_id("approve").click()
    await expect(page.get_by_role("alert")).to_contain_text("try again: it counts once")
    await expect(page.get_by_test_id("decline")).to_be_enabled()
    await page.unroute(pattern)
    await page.get_by_test_id("approve").click()
    assert "transaction_id" in await at_the_shop(page)


@pytest.mark.browser
async def test_a_double_click_decides_once(approval: str, open_page: OpenPage) -> None:
    page = await open_page(approval)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    await expect(page.get_by_test_id("decline")).to_be_enabled()
    await page.get_by_test_id("decline").dblclick()
    await expect(page.get_by_test_id("refusal")).to_be_visible()
    assert len(sent) == 1


@pytest.mark.browser
async def test_without_scripts_the_page_says_what_it_needs(approval: str, open_page: OpenPage) -> None:
    page = await open_page(f"{approval}?language=en", java_script_enabled=False)
    await expect(page.locator("noscript .message")).to_contain_text("You need JavaScript")
    await expect(page.get_by_test_id("approve")).to_be_disabled()
