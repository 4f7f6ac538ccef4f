"""What each simulated bank, app or company looks like and lists: as much as a real one would, in a neutral dress."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from babel.dates import format_date

from kvitt.hosted.amounts import money
from kvitt.hosted.languages import Language
from kvitt.hosted.products import product_name
from kvitt.hosted.view import plain
from kvitt.sandbox.flows.approvals import Approval

Dress = Literal["bank", "app", "wallet", "check", "review"]

BANK = "Sandbox Bank"
"""The name of the bank, in every language: it is also what an authorized card says of its issuer."""

_CREDIT = timedelta(days=30)
_ICONS: dict[Dress, str] = {
    "bank": "bank", "app": "phone", "wallet": "wallet", "check": "invoice", "review": "search",
}  # fmt: skip
_DRESSES: dict[str, Dress] = {
    "three_d_secure": "bank", "app": "app", "wallet": "wallet", "invoice": "check", "bank": "bank",
}  # fmt: skip
_PAID_LATER = frozenset(("klarna", "billie"))
"""Of those that wait at a bank's page: what they confirm is a bill all the same."""

_SAID = {
    "identity": ("approval.identity", "approval.identity_text"),
    "address": ("approval.address", "approval.address_text"),
    "company": ("approval.company", "approval.company_text"),
    "card": ("approval.card", "approval.card_text"),
    "login": ("approval.login", "approval.login_text"),
    "account": ("approval.account", "approval.account_text"),
}
_APPS = frozenset(("vipps", "swish", "mobilepay"))


@dataclass(frozen=True)
class Fact:
    """`name`: what a test finds it by. `as_written`: digits and signs that no language turns around."""

    label: str
    text: str
    name: str = ""
    as_written: bool = False


@dataclass(frozen=True)
class Side:
    """Who asks. `app`: which app's own colour it has. `loud`: the amount stands in large type, not in the list."""

    dress: Dress
    name: str
    icon: str
    app: str
    loud: bool
    facts: tuple[Fact, ...]


def side_of(approval: Approval, language: Language) -> Side:
    dress = _dress(approval)
    kind = _kind(approval)
    product = product_name(approval.payment_product_type, language)
    loud = dress in ("app", "wallet")
    return Side(
        dress=dress,
        name=BANK if dress == "bank" and approval.kind == "three_d_secure" else product,
        icon=_ICONS[dress],
        app=kind if dress == "app" and kind in _APPS else "",
        loud=loud,
        facts=tuple(_facts(approval, language, dress, product, loud)),
    )


def _facts(approval: Approval, language: Language, dress: Dress, product: str, loud: bool) -> list[Fact]:
    say = language.say

    def day(at: datetime) -> str:
        return str(format_date(at, "long", locale=language.locale))

    nameless = say("merchant.nameless")
    merchant = plain(approval.merchant_name) or nameless[:1].upper() + nameless[1:]
    facts = [Fact(say("approval.merchant"), merchant)]
    if not loud:
        facts.append(Fact(say("summary.amount"), money(approval.amount, approval.currency, language.locale), "amount"))
    if approval.card_ending:
        facts.append(Fact(say("approval.card"), f"•••• {plain(approval.card_ending)}", "card", True))
    elif dress in ("bank", "review"):  # the others have its name above all
        facts.append(Fact(say("approval.product"), product))
    if approval.phone_number:
        facts.append(Fact(say("method.phone"), plain(approval.phone_number), "phone", True))
    facts.append(Fact(say("approval.date"), day(approval.created_at)))
    if dress == "check":
        facts.append(Fact(say("approval.due"), day(approval.created_at + _CREDIT), "due"))
    said = [_SAID[name] for name in _simulated(approval, dress)]
    return [*facts, *(Fact(say(label), say(text)) for label, text in said)]


def _simulated(approval: Approval, dress: Dress) -> tuple[str, ...]:
    """What a real one would ask for or look up, and this one only says."""
    match dress:
        case "check":
            return ("identity", "company" if _to_a_company(approval) else "address")
        case "wallet":
            return ("card",)
        case "bank" if approval.kind == "bank":
            return ("login", "account")
        case _:
            return ()


def _dress(approval: Approval) -> Dress:
    if approval.state == "waiting" and approval.in_review:
        return "review"
    return "check" if _kind(approval) in _PAID_LATER else _DRESSES[approval.kind]


def _kind(approval: Approval) -> str:
    return approval.payment_product_type.rpartition(".")[2]


def _to_a_company(approval: Approval) -> bool:
    kind = _kind(approval)
    return "b2b" in kind or kind == "billie"
