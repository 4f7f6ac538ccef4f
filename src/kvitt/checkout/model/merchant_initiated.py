"""The answer to a shop that paid with a saved card."""

from __future__ import annotations

from kvitt.checkout.model.transaction import Transaction
from kvitt.checkout.model.view import Action


class MerchantInitiated(Transaction, frozen=True, omit_defaults=True, kw_only=True):
    """The transaction, and how it went: `success` says whether the money is reserved or captured."""

    success: bool
    actions: tuple[Action, ...]
