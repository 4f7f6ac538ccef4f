"""A session, a language and a place become HTML. Everything is escaped; nothing is read but the templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from kvitt.checkout.model.view import View
from kvitt.hosted.assets import load_assets
from kvitt.hosted.consents import consents
from kvitt.hosted.express_view import express_of
from kvitt.hosted.languages import Language, Languages
from kvitt.hosted.mode import Mode
from kvitt.hosted.purpose import PURPOSES, purpose_of, worded
from kvitt.hosted.theme import style_of
from kvitt.hosted.view import (
    WAITING,
    Method,
    chosen,
    heading,
    initial,
    merchant_name,
    methods,
    plain,
    safe_href,
    summary,
    waits_with,
)

_SCRIPT_WORDS = (
    "card.",
    "fix.",
    "refused.",
    "waiting.",
    "leaving.",
    "cancel.",
    "pay.b",
    "test.n",
    "method.phone.w",
    "method.gift.",
    "consents.e",
    "express.",
    "embed.",
)
"""The beginnings of the catalogue's keys that the script says by itself."""

_TEST_CARD = "\0"  # stands where the template sets the number in its own type


@dataclass(frozen=True)
class Look:
    words: str
    ring: str
    icon: str


_FINAL = {
    "paid": Look("paid", "done", "done"),
    "on_hold": Look("on_hold", "plain", "wait"),
    "cancelled": Look("cancelled", "plain", "stop"),
    "expired": Look("expired", "plain", "wait"),
    "failed": Look("failed", "bad", "alert"),
}

_ELSEWHERE = Look("result", "plain", "done")


@dataclass(frozen=True)
class Place:
    """Where the page is. `root`: the path we are served under, "" at a host's root; `static`: the folder of its files;
    `path`: the page's own path and query without the language, to which `language=…` can be appended."""

    root: str
    static: str
    path: str


ALONE = Mode()


class Pages:
    def __init__(self, languages: Languages) -> None:
        self._languages = languages
        self._worded = {
            (code, purpose): worded(language, purpose) for code, language in languages.items() for purpose in PURPOSES
        }
        self._templates = Environment(
            loader=PackageLoader("kvitt.hosted"),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def session(self, view: View, language: Language, place: Place, mode: Mode = ALONE) -> bytes:
        """The whole page for a session, whatever state it is in."""
        purpose = purpose_of(view)
        language = self._worded.get((language.code, purpose), language)
        merchant = merchant_name(view, language)
        agreed = consents(view, language, merchant)
        shown = summary(view.order, language)
        express = express_of(view, language)
        offered = methods(view, language)
        waits_at = safe_href(view.waiting.redirect_url) if view.waiting else ""
        form, waiting = view.state == "open", view.state in WAITING
        title = language.say(
            "title.open" if form else "title.other", **({"amount": shown.total} if form else {}), merchant=merchant
        )
        return self.html(
            "page.html",
            language,
            place,
            session=view,
            mode=mode,
            title=title,
            merchant=merchant,
            heading=heading(view, merchant),
            initial=initial(merchant),
            summary=shown,
            purpose=purpose,
            consents=agreed,
            express=express,
            form=form,
            methods=offered,
            chosen=chosen(view, offered),
            needs={method.needs for method in offered},
            form_heading=_form_heading(offered, language),
            phone_number="",
            waiting=waiting,
            waiting_words=_waiting_words(view, waits_at),
            waits_at=waits_at,
            waits_with=waits_with(view, language),
            look=_FINAL.get(view.state),
            href=safe_href(view.href),
            style=style_of(view.theme),
            alone=f"{place.root}/v1/view/{view.id}?language={language.code}",
            total_label=language.say("summary.total" if form or waiting else "summary.amount"),
            test_card=language.say("test.card", card=_TEST_CARD).split(_TEST_CARD),
            data={
                "mode": _script_mode(mode, view.id),
                "state": view.state,
                "waiting": waiting,
                "test": view.test,
                "version": view.version,
                "expires_in": view.expires_in,
                "consents": agreed.ids if form and offered and mode.holder != "launcher" else (),
                "express": express.script(view.order.discount_codes or ()) if form and express else None,
                "methods": [_script_method(method) for method in offered],
                "waits_at": view.waiting.redirect_url if view.waiting else None,
                "onward": safe_href(view.href) if view.state in ("paid", "on_hold") else None,
                "decline": _decline(view),
                "urls": _urls(place.root, view.id),
                "words": _script_words(language, merchant, shown.total, of_express=express is not None),
                **({} if mode.holder == "nobody" else {"session": msgspec.to_builtins(view)}),
            },
        )

    def result(self, view: View | None, session_id: str, language: Language, place: Place, mode: Mode) -> bytes:
        """What stands in the frame when the shop's page has heard how it ended. `view`: None when it cannot be read:
        then nothing is said about money, and nothing either while the session has not ended."""
        look = (view and _FINAL.get(view.state)) or _ELSEWHERE
        language = self._worded.get((language.code, purpose_of(view)), language) if view else language
        merchant = merchant_name(view, language) if view else language.say("merchant.nameless")
        return self.html(
            "result.html",
            language,
            place,
            title=language.say("title.other", merchant=merchant),
            mode=mode,
            look=look,
            merchant=merchant,
            amount=summary(view.order, language).total if view else "",
            style=style_of(view.theme) if view else "",
            data={"mode": _script_mode(mode, session_id), "state": "result"},
        )

    def loading(self, language: Language, place: Place, session_id: str, mode: Mode) -> bytes:
        """The window while the shop's page is still checking: it will be sent on from there."""
        data = {"mode": _script_mode(mode, session_id), "state": "loading"}
        return self.html("loading.html", language, place, mode=mode, data=data)

    def apology(
        self,
        kind: Literal["missing", "unavailable"],
        language: Language,
        place: Place,
        session_id: str = "",
        mode: Mode = ALONE,
    ) -> bytes:
        """The page for a session that does not exist, or that cannot be read just now."""
        data = {"mode": _script_mode(mode, session_id), "state": kind}
        return self.html("missing.html", language, place, words=kind, mode=mode, data=data)

    def html(self, template: str, language: Language, place: Place, *, style: str = "", **values: Any) -> bytes:
        """A template, in a language, at a place. `style`: of the shop's theme, which alone is written unescaped."""
        joint = "&" if "?" in place.path else "?"
        return (
            self._templates.get_template(template)
            .render(
                language=language,
                languages=self._languages.values(),
                say=language.say,
                static=place.static,
                files=load_assets(),
                style=style,
                other_language=lambda code: f"{place.path}{joint}language={code}",
                **values,
            )
            .encode()
        )


def _script_mode(mode: Mode, session_id: str) -> dict[str, Any]:
    return {
        "holder": mode.holder,
        "sid": session_id,
        "validates": mode.validates,
        "asks_address": mode.asks_address,
        "nested": mode.nested,
        "told": mode.told,
    }


def _script_method(method: Method) -> dict[str, str]:
    return {"value": method.value, "product": method.product, "needs": method.needs, "saved": method.saved}


def _waiting_words(view: View, waits_at: str) -> str:
    if view.state == "locked":
        return "locked"
    return "approve" if waits_at else "waiting"


def _form_heading(offered: tuple[Method, ...], language: Language) -> str:
    if not offered:
        return language.say("pay.heading_none")
    if len(offered) > 1:
        return language.say("method.heading")
    (only,) = offered
    return language.say("pay.heading") if only.needs == "card" else language.say("method.heading_one", method=only.name)


def _decline(view: View) -> dict[str, str] | None:
    """Why the last try did not go through; a customer who chose to pay otherwise knows."""
    decline = view.decline
    if decline is None or decline.reason == "GIVEN_UP":
        return None
    return {
        "code": plain(decline.code),
        "category": decline.category,
        "message": plain(decline.message),
        "reason": decline.reason or "",
    }


def _urls(root: str, session_id: str) -> dict[str, str]:
    """`session_id` is one of ours: letters, digits and a full stop."""
    return {
        "session": f"{root}/v1/view/{session_id}/session",
        "order": f"{root}/v1/view/{session_id}/session/order",
        "abandon": f"{root}/v1/view/{session_id}/session/abandon",
        "lock": f"{root}/v1/view/{session_id}/session/lock",
        "give_up": f"{root}/v1/view/{session_id}/session/payment/cancel",
        "pay": f"{root}/v1/sessions/{session_id}/pay",
    }


def _script_words(language: Language, merchant: str, total: str, *, of_express: bool) -> dict[str, str]:
    return {
        key: language.prepare(key, amount=total, merchant=merchant)
        for key in language.words
        if key.startswith(_SCRIPT_WORDS) and (of_express or not key.startswith("express."))
    }
