"""The simulated bank, app or invoice company: a page where the customer approves, declines, or lets the time run out.

Only test accounts have it. The address is all that is asked for, as with the payment page; but a decision is taken from
the page itself alone, or from a program, and never from a page of another site.
"""

from __future__ import annotations

from math import ceil
from typing import Literal
from urllib.parse import quote, urlsplit

from msgspec import Struct

from kvitt.core.clock import Clock
from kvitt.core.errors import Forbidden, NotFound, Unavailable
from kvitt.core.ids import is_test_account
from kvitt.hosted.approval_view import approval_page
from kvitt.hosted.assets import load_assets
from kvitt.hosted.headers import page
from kvitt.hosted.languages import choose, load_languages
from kvitt.hosted.render import Pages, Place
from kvitt.sandbox.flows.approvals import Approval, Approvals
from kvitt.web import PUBLIC, Answer, Call, Route

_PATH = "/sandbox/approvals/{account_id}/{attempt_id}"


class ForeignPage(Forbidden):
    """A page of another site may not decide for the customer."""


class Language(Struct, frozen=True):
    """It may be repeated by a clumsy link: the first counts."""

    language: tuple[str, ...] = ()


class Decision(Struct, frozen=True):
    """`run_out`: nobody answers, and the time of this payment is over."""

    decision: Literal["approve", "decline", "run_out"]


class Decided(Struct, frozen=True):
    """`href`: where the customer goes next, whether this decision counted or an earlier one."""

    href: str


class Watched(Struct, frozen=True):
    """What a page that is open looks at. `seconds`: how long the customer still has, in the account's time."""

    state: str
    in_review: bool
    seconds: int


def routes(approvals: Approvals, clock: Clock) -> list[Route]:
    """The page, the decision that its script sends, and what it watches meanwhile."""
    languages = load_languages()
    assets = load_assets()
    pages = Pages(languages)

    async def find(call: Call[None]) -> tuple[Approval, int]:
        """The approval, and the seconds that are left for it."""
        account_id = call.params["account_id"]
        if not is_test_account(account_id):
            raise NotFound("Only test accounts have a simulated bank")
        approval = await approvals.find(account_id, call.params["attempt_id"])
        left = (approval.expires_at - clock(account_id)).total_seconds()
        return approval, max(0, ceil(left))

    async def show(call: Call[None]) -> Answer:
        root = urlsplit(call.base_url).path.rstrip("/")
        language = choose(languages, next(iter(call.query.language), None), call.header("accept-language"))
        place = Place(root, f"{root}/static/hosted/{assets.version}", root + _path_of(call))
        try:
            approval, seconds = await find(call)
        except NotFound:
            return page(pages.apology("missing", language, place), language.code, 404)
        except Unavailable:
            return page(pages.apology("unavailable", language, place), language.code, 503)
        return page(approval_page(pages, approval, seconds, language, place), language.code)

    async def watch(call: Call[None]) -> Watched:
        approval, seconds = await find(call)
        return Watched(approval.state, approval.in_review, seconds)

    async def decide(call: Call[Decision]) -> Decided:
        refuse_foreign(call)
        account_id = call.params["account_id"]
        if not is_test_account(account_id):
            raise NotFound("Only test accounts have a simulated bank")
        return Decided(await approvals.decide(account_id, call.params["attempt_id"], call.body.decision))

    tag = "Sandbox"
    return [
        Route("GET", _PATH, show, PUBLIC, "The simulated bank or app", tag, query=Language, hidden=True),
        Route(
            "GET", f"{_PATH}/state", watch, PUBLIC, "What became of an approval", tag, answers=Watched,
            refusals=(NotFound,), hidden=True,
        ),
        # No key is taken: the first decision counts, and a second one changes nothing.
        Route(
            "POST", _PATH, decide, PUBLIC, "The customer approves or declines", tag, body=Decision, answers=Decided,
            refusals=(NotFound, ForeignPage), hidden=True, once=False,
        ),
    ]  # fmt: skip


def _path_of(call: Call[None]) -> str:
    account_id, attempt_id = (quote(call.params[name], safe="") for name in ("account_id", "attempt_id"))
    return f"/sandbox/approvals/{account_id}/{attempt_id}"


def refuse_foreign(call: Call[Decision]) -> None:
    """ForeignPage for what a browser sent on behalf of another site.

    A browser says where a request comes from: Sec-Fetch-Site where the page is safe to, Origin with every POST. A
    program says neither, and may decide.
    """
    site, origin = call.header("sec-fetch-site"), call.header("origin")
    if site is not None and site != "same-origin":
        raise ForeignPage("Only the page itself may decide")
    if origin is not None and origin != _origin(call.base_url) and _host(origin) != call.header("host"):
        raise ForeignPage("Only the page itself may decide")


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _host(origin: str) -> str:
    """Host and port; nothing that a Host header could say when there is none, as in `null`."""
    try:
        return urlsplit(origin).netloc or "/"
    except ValueError:
        return "/"
