"""What the customer agrees to: the shop's checkboxes, and its terms. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from kvitt.checkout.model.session import Checkbox
from kvitt.checkout.model.view import View
from kvitt.hosted.languages import Language
from kvitt.hosted.view import plain, safe_href

_TERMS = "\0"  # stands where the template sets the link


@dataclass(frozen=True)
class ShownBox:
    """`link`: the words of the link to `href`, empty without one."""

    label: str
    required: bool
    checked: bool
    href: str
    link: str


@dataclass(frozen=True)
class Terms:
    """A sentence with a link in it: what stands before the link, the link, what stands behind it."""

    before: str
    link: str
    after: str
    href: str


@dataclass(frozen=True)
class Consents:
    """`ids`: what the boxes are called when sent, in their order: as texts, for a script rounds large numbers."""

    boxes: tuple[ShownBox, ...]
    ids: tuple[str, ...]
    terms: Terms | None


def consents(view: View, language: Language, merchant: str) -> Consents:
    found = view.checkboxes or ()
    return Consents(
        tuple(_shown(box, language) for box in found),
        tuple(str(box.id) for box in found),
        _terms(view, language, merchant),
    )


def _shown(box: Checkbox, language: Language) -> ShownBox:
    href = safe_href(box.link.url) if box.link else ""
    words = plain(box.link.text) if box.link else ""
    return ShownBox(
        label=plain(box.label) or words or "–",
        required=bool(box.required),
        checked=bool(box.checked),
        href=href,
        link=(words or language.say("consents.link")) if href else "",
    )


def _terms(view: View, language: Language, merchant: str) -> Terms | None:
    href = safe_href(view.merchant_terms_url)
    if not href:
        return None
    before, after = language.say("consents.terms", terms=_TERMS).split(_TERMS)
    return Terms(before, language.say("consents.terms_of", merchant=merchant), after, href)
