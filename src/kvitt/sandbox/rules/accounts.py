"""Whose sandbox it is."""

from __future__ import annotations

from kvitt.core.ids import is_test_account
from kvitt.sandbox.rules.refusals import LiveAccount


def refuse_live(account_id: str) -> None:
    """LiveAccount for a live account: its clock is the wall's and its providers are real."""
    if not is_test_account(account_id):
        raise LiveAccount(f"{account_id} is a live account; only test accounts (T…) have a sandbox")
