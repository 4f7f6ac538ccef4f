"""Every payment product of the sandbox, and what each can do: a table, and no product has code of its own.

Documented is that payex, Vipps and Klarna void after a capture, that `final_capture` is for dintero_psp, that Swish is
captured as it is paid and that Walley (collector) may put a payment on hold. How long money stays reserved follows what
is said of the methods: cards 7 days, Vipps and MobilePay 14, Klarna 28, invoices 60.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from kvitt.checkout.model.payment import Capabilities

_NORDIC = frozenset(("NOK", "SEK", "DKK", "EUR"))

_FINAL = Capabilities()
_VOIDS_REMAINDER = Capabilities(final_capture=False, void_remainder=True)
_NEITHER = Capabilities(final_capture=False)
_GROUPS = {"dintero_psp": _FINAL, "payex": _VOIDS_REMAINDER, "bambora": _NEITHER}

_CARDS = {
    "dintero_psp.creditcard": replace(_FINAL, verifies=True, adjust="pre_authorization"),
    "payex.creditcard": replace(_VOIDS_REMAINDER, verifies=True),
    "bambora.creditcard": replace(_NEITHER, verifies=True),
    "netaxept.creditcard": _NEITHER,
}

_WALLETS = {
    f"{group}.{name}": replace(can, takes="nothing", waits="wallet", verifies=group == "dintero_psp")
    for name in ("applepay", "googlepay", "clicktopay")
    for group, can in _GROUPS.items()
    if (group, name) != ("bambora", "clicktopay")
}


def _app(can: Capabilities, *currencies: str) -> Capabilities:
    return replace(
        can, takes="phone", waits="app", currencies=frozenset(currencies), authorization=timedelta(days=14)
    )  # fmt: skip


_SWISH = replace(_app(_NEITHER, "SEK"), captured_at_once=True, authorization=None)
"""Nothing is ever reserved, so there is nothing to capture, to void or to expire."""

_APPS = {
    "vipps": _app(_VOIDS_REMAINDER, "NOK"),
    **{f"{group}.vipps": _app(can, "NOK") for group, can in _GROUPS.items()},
    "payex.mobilepay": _app(_VOIDS_REMAINDER, "DKK", "EUR"),
    "bambora.mobilepay": _app(_NEITHER, "DKK", "EUR"),
    "swish.swish": _SWISH,
    "payex.swish": _SWISH,
}

_BANK = replace(_NEITHER, takes="nothing", waits="bank", currencies=_NORDIC)
_KLARNA = replace(_BANK, void_remainder=True, authorization=timedelta(days=28), adjust="amount", extend=True)
_BANKS = {"klarna.klarna": _KLARNA, "klarna.billie": _KLARNA, "santander.debit_account": _BANK}

_INVOICE = replace(_NEITHER, takes="nothing", waits="invoice", currencies=_NORDIC, authorization=timedelta(days=60))
_WALLEY = replace(_INVOICE, review=True)
_INVOICES = {
    "collector.invoice": _WALLEY,
    "collector.invoice_b2b": _WALLEY,
    "collector.invoice_b2b_preapproved": _WALLEY,
    "collector.finance": _WALLEY,
    "collector.installment": _WALLEY,
    "collector.installment_b2b_preapproved": _WALLEY,
    "kravia.invoice_b2b": _INVOICE,
    "kravia.invoice_b2b_grouped": _INVOICE,
    "kravia.invoice_b2c": _INVOICE,
    "two.invoice_b2b": _INVOICE,
    "instabank.finance": _INVOICE,
    "instabank.invoice": _INVOICE,
    "instabank.installment": _INVOICE,
    "instabank.postponement": _INVOICE,
}

_NAMED = replace(_NEITHER, takes="nothing", by_name_only=True, authorization=timedelta(days=28))
_OWN = {
    "dintero.zero": Capabilities(takes="nothing", least=0, most=0, authorization=None),
    "dintero.wallets": replace(_NAMED, takes="gift_card"),
    "dintero.external": replace(_NAMED, approved_by_shop=True),
}

PRODUCTS: dict[str, Capabilities] = {**_CARDS, **_WALLETS, **_APPS, **_BANKS, **_INVOICES, **_OWN}
"""By type. The customer sees them in this order."""
