"""What the customer is here for: most pay; some save a card and pay nothing; some confirm an order that costs nothing.

The page is the same, and other words stand on it: a catalogue's key that begins with the purpose is said in place of
the one without it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from kvitt.checkout.model.view import View
from kvitt.hosted.languages import Language

Purpose = Literal["pay", "save", "zero"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


def purpose_of(view: View) -> Purpose:
    if view.payment_operation == "generate_payment_token":
        return "save"
    return "pay" if view.order.amount else "zero"


def worded(language: Language, purpose: Purpose) -> Language:
    """The language with the purpose's own words."""
    prefix = f"{purpose}."
    own = {key.removeprefix(prefix): text for key, text in language.words.items() if key.startswith(prefix)}
    return replace(language, words=language.words | own)
