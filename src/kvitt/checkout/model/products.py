"""The payment products that the reference names. Lists may be asked for each of them, whoever offers it."""

from __future__ import annotations

PAYMENT_PRODUCT_TYPES = (
    "bambora.applepay", "bambora.creditcard", "bambora.googlepay", "bambora.mobilepay", "bambora.vipps",
    "collector.finance", "collector.installment", "collector.installment_b2b_preapproved", "collector.invoice",
    "collector.invoice_b2b", "collector.invoice_b2b_preapproved", "dintero.external", "dintero.wallets", "dintero.zero",
    "dintero_psp.applepay", "dintero_psp.clicktopay", "dintero_psp.creditcard", "dintero_psp.googlepay",
    "dintero_psp.vipps", "instabank.finance", "instabank.installment", "instabank.invoice", "instabank.postponement",
    "klarna.billie", "klarna.klarna", "kravia.invoice_b2b", "kravia.invoice_b2b_grouped", "kravia.invoice_b2c",
    "netaxept.creditcard", "payex.applepay", "payex.clicktopay", "payex.creditcard", "payex.googlepay",
    "payex.mobilepay", "payex.swish", "payex.vipps", "santander.debit_account", "seitatech.in_person", "swish.swish",
    "two.invoice_b2b", "vipps",
)  # fmt: skip
PAYMENT_PRODUCTS = tuple(dict.fromkeys(type.partition(".")[0] for type in PAYMENT_PRODUCT_TYPES))
