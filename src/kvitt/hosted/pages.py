"""The routes of the payment page: the page itself, and the files it is made of.

The session id in the address is all the customer needs to know; there is no token and no cookie. Every answer says
in its Content-Security-Policy that nothing but our own files may run, be shown or be asked.
"""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote, urlsplit

from msgspec import Struct

from kvitt.checkout.flows import Actor, Checkout
from kvitt.checkout.model.view import View
from kvitt.core.errors import NotFound, Refusal, Unavailable
from kvitt.hosted.assets import load_assets
from kvitt.hosted.headers import page, security
from kvitt.hosted.languages import Language, choose, load_languages
from kvitt.hosted.mode import RESULT, Mode, PageQuery, mode_of
from kvitt.hosted.packing import file_answer, packed
from kvitt.hosted.render import Pages, Place
from kvitt.hosted.theme import style_of
from kvitt.web import PUBLIC, Answer, Call, Route
from kvitt.web.routes import Handler

_KEPT = "public, max-age=31536000, immutable"


def routes(checkout: Checkout) -> list[Route]:
    """`GET /v1/view/{sid}`, `GET /?sid=…` and `GET /embedResult/?…` (what the web SDK opens), and
    `GET /static/hosted/{version}/{name}`."""
    languages = load_languages()
    assets = load_assets()
    pages = Pages(languages)

    def place_of(call: Call[None], path: str) -> tuple[Place, Language]:
        root = urlsplit(call.base_url).path.rstrip("/")
        language = choose(languages, next(iter(call.query.language), None), call.header("accept-language"))
        return Place(root, f"{root}/static/hosted/{assets.version}", root + path), language

    async def show(call: Call[None], sid: str, path: str) -> Answer:
        mode = mode_of(call.query)
        place, language = place_of(call, with_query(path, mode.query))
        ancestors = who_may_frame(mode)
        if mode.loads_only:
            return page(pages.loading(language, place, sid, mode), language.code, 200, ancestors)
        try:
            view = await checkout.view(sid)
            await _note_visit(checkout, view, call)
        except NotFound:
            return page(pages.apology("missing", language, place, sid, mode), language.code, 404, ancestors)
        except Unavailable:
            return page(pages.apology("unavailable", language, place, sid, mode), language.code, 503, ancestors)
        html = pages.session(view, language, place, mode)
        answer = page(html, language.code, 200, ancestors, style_of(view.theme))
        return packed(answer, call.header("accept-encoding"))

    async def by_path(call: Call[None]) -> Answer:
        sid = call.params["sid"]
        return await show(call, sid, f"/v1/view/{quote(sid, safe='')}")

    async def by_query(call: Call[None]) -> Answer:
        sid = next(iter(call.query.sid), "")
        return await show(call, sid, f"/?sid={quote(sid, safe='')}")

    async def result(call: Call[None]) -> Answer:
        sid = next(iter(call.query.sid), "")
        place, language = place_of(call, f"/embedResult/?sid={quote(sid, safe='')}")
        view = await _known(checkout, sid)
        html = pages.result(view, sid, language, place, RESULT)
        style = style_of(view.theme) if view else ""
        return page(html, language.code, 200, who_may_frame(RESULT), style)

    async def static(call: Call[None]) -> Answer:
        asset = assets.by_name.get(call.params["name"])
        if asset is None:
            raise NotFound("There is no such file")
        kept = _KEPT if call.params["version"] == assets.version else "no-cache"
        return file_answer(asset, {**security(), "cache-control": kept}, call.header("accept-encoding"))

    def route(path: str, handler: Handler, summary: str, query: type[Struct] | None = None) -> Route:
        return Route("GET", path, handler, PUBLIC, summary, "Payment page", query=query, hidden=True)

    return [
        route("/v1/view/{sid}", by_path, "The payment page of a session", PageQuery),
        route("/", by_query, "The payment page, as the web SDK opens it", PageQuery),
        route("/embedResult/", result, "What stands in a frame when the payment has ended", PageQuery),
        route("/static/hosted/{version}/{name}", static, "A file of the payment page"),
    ]


async def _note_visit(checkout: Checkout, view: View, call: Call[None]) -> None:
    if view.state == "open":
        with suppress(Refusal):  # the customer pays whether or not the visit could be noted
            await checkout.visited(view.id, call.remote_ip, call.header("user-agent"), Actor(call.request_id))


async def _known(checkout: Checkout, session_id: str) -> View | None:
    """None when there is no such session, or when it cannot be read now: the page says nothing of it then."""
    try:
        return await checkout.view(session_id)
    except (NotFound, Unavailable):
        return None


def who_may_frame(mode: Mode) -> str:
    """Any page, where the web SDK asks for a page to be framed: shops sell under more names than they tell us, and
    whoever knows the session's id has what the page knows. Nobody else lays it under a page of theirs."""
    return "*" if mode.framed else "'none'"


def with_query(path: str, query: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{query}" if query else path
