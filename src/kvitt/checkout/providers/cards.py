"""The sandbox's test cards, by number. Any expiry in the future and any security code will do.

    4000 0000 0000 0002, 5200 0000 0000 0007   goes through
    4000 1000 0000 0000, 5200 0000 0000 0015   waits for a 3-D Secure challenge at the bank's page
    4000 2000 0000 0008, 5200 0000 0000 0023   goes through with a 3-D Secure proof of attempt
    4000 3000 0000 0006, 5200 0000 0000 0031   fails 3-D Secure: declined
    4100 0000 0000 0076                        declined by the bank with code 1A: authentication required
    4100 0000 0000 0001, 5100 0000 0000 0008   no answer to the authorization; nothing was reserved
    4100 0000 0000 0019, 5100 0000 0000 0016   goes through; no answer to a capture, which took effect
    4100 0000 0000 0027, 5100 0000 0000 0024   goes through; no answer to a refund, which took effect
    4100 0000 0000 0035, 5100 0000 0000 0032   goes through; no answer to an automatic capture, which took effect
    4100 0000 0000 0043, 5100 0000 0000 0040   goes through; no answer to a void, which took effect
    4100 0000 0000 0050, 5100 0000 0000 0057   goes through, and no token is made; no answer where only that is asked

Where there is no answer the sandbox says nothing at once, without waiting, and tells the truth when it is asked again
five seconds later. The numbers are those of Dintero's test data.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from kvitt.checkout.model.transaction import Card, EventError, RetryPolicy

DOCS = "docs/guides/test-cards.md"


class Behaviour(Struct, frozen=True):
    """How a card behaves. `error`: declined with it. `silent`: verbs that get no answer (but take effect).

    `lost`: the authorization gets no answer, and nothing was reserved. `waits`: for the customer, at the bank's page.
    `keeps`: the card can be saved; when it cannot, a payment of nothing, made to save it, gets no answer.
    """

    error: EventError | None = None
    silent: tuple[str, ...] = ()
    lost: bool = False
    card: Card | None = None
    waits: Literal["three_d_secure"] | None = None
    keeps: bool = True


PLAIN = "plain"
"""How what is no card behaves: it goes through."""

_AGAIN = RetryPolicy(("RETRY_IMMEDIATELY",))
_NEVER = RetryPolicy(("DO_NOT_RETRY",))

BEHAVIOURS: dict[str, Behaviour] = {
    PLAIN: Behaviour(keeps=False),
    "success": Behaviour(card=Card(acquirer_transaction_type="3DSECURE", authentication_status="Y", eci="05")),
    "challenge": Behaviour(
        card=Card(acquirer_transaction_type="3DSECURE", authentication_status="Y", eci="05"), waits="three_d_secure"
    ),
    "attempted": Behaviour(card=Card(acquirer_transaction_type="3DSECURE", authentication_status="A", eci="06")),
    "unverified": Behaviour(
        EventError("The cardholder could not be verified", "3DS_FAILED", ("FAILED_VERIFICATION",), retry_policy=_AGAIN)
    ),
    "declined": Behaviour(
        EventError(
            "The bank wants the cardholder to be authenticated",
            "DECLINED",
            ("ADDITIONAL_VERIFICATION_REQUIRED", "DECLINED"),
            "1A",
            _AGAIN,
        )
    ),
    "authorization_timeout": Behaviour(lost=True),
    "capture_timeout": Behaviour(silent=("capture",)),
    "refund_timeout": Behaviour(silent=("refund",)),
    "auto_capture_timeout": Behaviour(silent=("auto_capture",)),
    "void_timeout": Behaviour(silent=("void",)),
    "token_timeout": Behaviour(keeps=False),
    "unheard_of": Behaviour(
        EventError(
            f"The sandbox does not know this card. Its test cards are listed in {DOCS}; try 4000 0000 0000 0002",
            "UNKNOWN_TEST_CARD",
            ("DECLINED",),
            retry_policy=_NEVER,
        )
    ),
}

_NUMBERS: dict[str, tuple[str, ...]] = {
    "success": ("4000000000000002", "5200000000000007"),
    "challenge": ("4000100000000000", "5200000000000015"),
    "attempted": ("4000200000000008", "5200000000000023"),
    "unverified": ("4000300000000006", "5200000000000031"),
    "declined": ("4100000000000076",),
    "authorization_timeout": ("4100000000000001", "5100000000000008"),
    "capture_timeout": ("4100000000000019", "5100000000000016"),
    "refund_timeout": ("4100000000000027", "5100000000000024"),
    "auto_capture_timeout": ("4100000000000035", "5100000000000032"),
    "void_timeout": ("4100000000000043", "5100000000000040"),
    "token_timeout": ("4100000000000050", "5100000000000057"),
}
_BEHAVIOUR_OF = {number: name for name, numbers in _NUMBERS.items() for number in numbers}


def behaviour_name(number: str) -> str:
    return _BEHAVIOUR_OF.get(number, "unheard_of")
