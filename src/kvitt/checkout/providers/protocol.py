"""What a payment provider has to offer. The four verbs are arguments, and so is everything it may do (capabilities)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from kvitt.checkout.model.payment import Ask, Capabilities, Outcome


class Provider(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def products(self) -> Mapping[str, Capabilities]:
        """The payment products it takes, by type (`dintero_psp.creditcard`), and what each can do."""
        ...

    async def act(self, ask: Ask) -> Outcome:
        """Moves the money, or says why not. `ask.attempt_id` is the idempotency key: asked twice, it moves once.

        May raise or take long: the caller waits a bounded time and takes both as unknown.
        """
        ...

    async def lookup(self, ask: Ask) -> Outcome:
        """What became of an attempt. `refused` is a promise that it has not happened and never will.

        A provider that has not heard of the attempt must make sure that it never happens before it answers so; one that
        cannot do that answers `unknown`.
        """
        ...
