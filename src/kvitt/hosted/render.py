"""A session, a language and a place become HTML. Everything is escaped; nothing is read but the templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from kvitt.checkout.model.view import View
from kvitt.hosted.languages import Language, Languages
from kvitt.hosted.mode import Mode
from kvitt.hosted.view import (
    WAITING,
    Method,
    chosen,
    heading,
    initial,
    merchant_name,
    methods,
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


@dataclass(frozen=True)
class Place:
    """Where the page is. `root`: the path we are served under, "" at a host's root; `static`: the folder of its files;
    `path`: the page's own path and query without the language, to which `language=…` can be appended."""

    root: str
    static: str
    path: str


ALONE = Mode()


class Pages:
    def __init__(self, languages: Languages, modules: tuple[str, ...]) -> None:
        self._languages = languages
        self._modules = modules
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
        merchant = merchant_name(view, language)
        shown = summary(view.order, language)
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
            modules=self._modules,
            total_label=language.say("summary.total" if form or waiting else "summary.amount"),
            test_card=language.say("test.card", card=_TEST_CARD).split(_TEST_CARD),
            data={
                "mode": _script_mode(mode, view.id),
                "state": view.state,
                "waiting": waiting,
                "test": view.test,
                "version": view.version,
                "methods": [_script_method(method) for method in offered],
                "waits_at": view.waiting.redirect_url if view.waiting else None,
                "onward": safe_href(view.href) if view.state in ("paid", "on_hold") else None,
                "decline": _decline(view),
                "urls": _urls(place.root, view.id),
                "words": _script_words(language, merchant, shown.total),
            },
        )

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
        return self.html("missing.html", language, place, words=kind, mode=mode, modules=self._modules, data=data)

    def html(self, template: str, language: Language, place: Place, **values: Any) -> bytes:
        """A template, in a language, at a place."""
        joint = "&" if "?" in place.path else "?"
        return (
            self._templates.get_template(template)
            .render(
                language=language,
                languages=self._languages.values(),
                say=language.say,
                static=place.static,
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
        "code": decline.code,
        "category": decline.category,
        "message": decline.message,
        "reason": decline.reason or "",
    }


def _urls(root: str, session_id: str) -> dict[str, str]:
    """`session_id` is one of ours: letters, digits and a full stop."""
    return {
        "session": f"{root}/v1/view/{session_id}/session",
        "abandon": f"{root}/v1/view/{session_id}/session/abandon",
        "give_up": f"{root}/v1/view/{session_id}/session/payment/cancel",
        "pay": f"{root}/v1/sessions/{session_id}/pay",
    }


def _script_words(language: Language, merchant: str, total: str) -> dict[str, str]:
    return {
        key: text.replace("{amount}", total).replace("{merchant}", merchant)
        for key, text in language.words.items()
        if key.startswith(_SCRIPT_WORDS)
    }
