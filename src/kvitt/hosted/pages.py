"""The routes of the payment page: the page itself, and the files it is made of.

The session id in the address is all the customer needs to know; there is no token and no cookie. Every answer says
in its Content-Security-Policy that nothing but our own files may run, be shown or be asked.
"""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote, urlsplit

from msgspec import Struct

from kvitt.checkout.flows import Actor, Checkout
from kvitt.core.errors import NotFound, Refusal, Unavailable
from kvitt.hosted.assets import load_assets
from kvitt.hosted.headers import page, security
from kvitt.hosted.languages import choose, load_languages
from kvitt.hosted.mode import PageQuery, mode_of
from kvitt.hosted.render import Pages, Place
from kvitt.web import PUBLIC, Answer, Call, Route
from kvitt.web.routes import Handler

_KEPT = "public, max-age=31536000, immutable"


def routes(checkout: Checkout) -> list[Route]:
    """`GET /v1/view/{sid}`, `GET /?sid=…` (what the web SDK opens), and `GET /static/hosted/{version}/{name}`."""
    languages = load_languages()
    assets = load_assets()
    pages = Pages(languages, assets.modules)

    async def show(call: Call[None], sid: str, path: str) -> Answer:
        root = urlsplit(call.base_url).path.rstrip("/")
        language = choose(languages, next(iter(call.query.language), None), call.header("accept-language"))
        mode = mode_of(call.query)
        place = Place(root, f"{root}/static/hosted/{assets.version}", root + with_query(path, mode.query))
        ancestors = "*" if mode.framed else "'none'"
        try:
            view = await checkout.view(sid)
            if view.state == "open":
                with suppress(Refusal):  # the customer pays whether or not the visit could be noted
                    await checkout.visited(sid, call.remote_ip, call.header("user-agent"), Actor(call.request_id))
        except NotFound:
            return page(pages.apology("missing", language, place, sid, mode), language.code, 404, ancestors)
        except Unavailable:
            return page(pages.apology("unavailable", language, place, sid, mode), language.code, 503, ancestors)
        return page(pages.session(view, language, place, mode), language.code, 200, ancestors)

    async def by_path(call: Call[None]) -> Answer:
        sid = call.params["sid"]
        return await show(call, sid, f"/v1/view/{quote(sid, safe='')}")

    async def by_query(call: Call[None]) -> Answer:
        sid = next(iter(call.query.sid), "")
        return await show(call, sid, f"/?sid={quote(sid, safe='')}")

    async def static(call: Call[None]) -> Answer:
        asset = assets.by_name.get(call.params["name"])
        if asset is None:
            raise NotFound("There is no such file")
        kept = _KEPT if call.params["version"] == assets.version else "no-cache"
        return Answer(asset.content, 200, {**security(), "cache-control": kept}, asset.content_type)

    def route(path: str, handler: Handler, summary: str, query: type[Struct] | None = None) -> Route:
        return Route("GET", path, handler, PUBLIC, summary, "Payment page", query=query, hidden=True)

    return [
        route("/v1/view/{sid}", by_path, "The payment page of a session", PageQuery),
        route("/", by_query, "The payment page, as the web SDK opens it", PageQuery),
        route("/static/hosted/{version}/{name}", static, "A file of the payment page"),
    ]


def with_query(path: str, query: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{query}" if query else path
