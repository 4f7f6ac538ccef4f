"""The names of the invariants, and what is raised when one of them does not hold."""

from __future__ import annotations

INVARIANTS = (
    "versions-rise-by-one",
    "change-tells-an-event",
    "feed-never-skips",
    "settled-stays",
    "forward-only",
    "charged-once",
    "pays-what-stands",
    "never-over-captured",
    "never-over-refunded",
    "status-follows",
    "open-attempt-is-asked",
    "unknown-ends",
    "books-agree",
    "postings-balance",
    "lines-in-bounds",
    "totals-are-sums",
    "order-numbers-unique",
    "remaining-follows",
    "answers-are-true",
    "draft-completes-once",
    "preview-changes-nothing",
    "preview-equals-commit",
    "plan-can-be-done",
    "stale-is-refused",
    "one-key-one-effect",
    "one-key-one-answer",
    "acknowledged-stays",
    "refusals-do-nothing",
    "callbacks-reach",
    "callbacks-in-order",
    "callback-told-once",
    "webhooks-reach",
    "webhooks-in-order",
    "sessions-end",
    "nothing-is-left",
    "nothing-unforeseen",
)


class Violation(Exception):
    """`invariant` is one of INVARIANTS."""

    def __init__(self, invariant: str, message: str) -> None:
        assert invariant in INVARIANTS, invariant
        super().__init__(f"{invariant}: {message}")
        self.invariant = invariant
        self.message = message

    def __reduce__(self) -> tuple[type[Violation], tuple[str, str]]:
        return Violation, (self.invariant, self.message)
