"""The ledger's accounts, and the kinds of movements between them.

    kind        debit        credit       when
    ----------  -----------  -----------  ------------------------------------------------------------
    authorize   authorized   customer     the provider reserved the customer's money
    capture     captured     authorized   the provider took it
    refund      customer     captured     the provider gave it back
    void        customer     authorized   the shop gave the reservation up
    release     customer     authorized   a final capture gave up what it did not take
    expire      customer     authorized   the reservation ran out
    raise       authorized   customer     the reservation was changed to more
    lower       customer     authorized   the reservation was changed to less

Of each transaction and currency, what arrived in an account less what left it is its balance: `authorized` is what may
still be captured, `captured` what may still be refunded, and `customer` what the customer is out of pocket for or has
reserved, as a negative number. The three always sum to zero.
"""

from __future__ import annotations

from typing import Literal

Account = Literal["customer", "authorized", "captured"]
Kind = Literal["authorize", "capture", "refund", "void", "release", "expire", "raise", "lower"]

SIDES: dict[Kind, tuple[Account, Account]] = {
    "authorize": ("authorized", "customer"),
    "capture": ("captured", "authorized"),
    "refund": ("customer", "captured"),
    "void": ("customer", "authorized"),
    "release": ("customer", "authorized"),
    "expire": ("customer", "authorized"),
    "raise": ("authorized", "customer"),
    "lower": ("customer", "authorized"),
}
"""The debited and the credited account."""
