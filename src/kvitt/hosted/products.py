"""What payment products are called, and what the customer has to give for each. One that we do not know keeps its type.

Brands have one name in every language; the rest are words of the catalogue.
"""

from __future__ import annotations

from typing import Literal

from kvitt.hosted.languages import Language

Needs = Literal["card", "phone", "gift_card", "saved", "nothing"]

_BRANDS = {
    "vipps": "Vipps",
    "swish": "Swish",
    "mobilepay": "MobilePay",
    "klarna": "Klarna",
    "billie": "Billie",
    "applepay": "Apple Pay",
    "googlepay": "Google Pay",
    "clicktopay": "Click to Pay",
}
_WORDS = {
    "creditcard": "method.card",
    "wallets": "method.gift_card",
    "zero": "method.zero",
    "external": "method.other",
    "in_person": "method.in_person",
    "debit_account": "method.account",
    "invoice": "method.invoice",
    "invoice_b2c": "method.invoice",
    "invoice_b2b": "method.invoice_b2b",
    "invoice_b2b_preapproved": "method.invoice_b2b",
    "invoice_b2b_grouped": "method.invoice_grouped",
    "installment": "method.instalments",
    "installment_b2b_preapproved": "method.instalments",
    "finance": "method.loan",
    "postponement": "method.later",
}
_LENDERS = {"collector": "Walley", "instabank": "Instabank", "kravia": "Kravia", "santander": "Santander", "two": "Two"}
"""Those who send the bill: several of them may be offered at once, so their names are told."""

_NEEDS: dict[str, Needs] = {
    "creditcard": "card", "vipps": "phone", "swish": "phone", "mobilepay": "phone", "wallets": "gift_card",
}  # fmt: skip


_GLYPHS = {
    "creditcard": "card", "clicktopay": "card", "vipps": "phone", "swish": "phone", "mobilepay": "phone",
    "applepay": "wallet", "googlepay": "wallet", "wallets": "gift", "debit_account": "bank", "klarna": "invoice",
    "billie": "invoice", "invoice": "invoice", "invoice_b2c": "invoice", "invoice_b2b": "invoice",
    "invoice_b2b_preapproved": "invoice", "invoice_b2b_grouped": "invoice", "installment": "calendar",
    "installment_b2b_preapproved": "calendar", "finance": "calendar", "postponement": "calendar",
    "external": "shop", "in_person": "shop", "zero": "done",
}  # fmt: skip
"""What kind of thing each is, drawn by ourselves. Nobody's logo: those have rules of their own, and none is needed."""


def product_name(product_type: str, language: Language) -> str:
    """`payex.vipps` is `Vipps`, `collector.invoice` is `Invoice (Walley)`."""
    group, _, kind = product_type.rpartition(".")
    if kind in _BRANDS:
        return _BRANDS[kind]
    if kind not in _WORDS:
        return product_type
    name, lender = language.say(_WORDS[kind]), _LENDERS.get(group)
    return f"{name} ({lender})" if lender else name


def needs_of(product_type: str) -> Needs:
    return _NEEDS.get(product_type.rpartition(".")[2], "nothing")


def glyph_of(product_type: str) -> str:
    return _GLYPHS.get(product_type.rpartition(".")[2], "wallet")
