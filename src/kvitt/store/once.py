"""A request's key, committed with what the request does; and the answer to whoever comes second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from kvitt.core.change import Change
from kvitt.core.errors import Conflict, IdempotencyKeyReused, Refusal, RequestUnderWay, Unavailable
from kvitt.core.idempotency import Once, Replayed, answer_key, read_memory, read_reply, so_far_key

T = TypeVar("T")

NOTHING = Change()

Decide = Callable[[], Awaitable[tuple[Change, T]]]
Commit = Callable[[Change], Awaitable[None]]
Claimed = Callable[[str, str], Awaitable[str | None]]


def once_only(decide: Decide[T], commit: Commit, claimed: Claimed, once: Once) -> tuple[Decide[T], Commit]:
    """The same two, with the key: its claim goes with the Change, and a key that was used ends the matter.

    It is looked for only when something is in the way (a refusal, a conflict), so a key that is new costs no read. An
    empty Change whose answer is None is neither remembered nor committed: the flow goes on to do something else.
    """

    async def decide_with_key() -> tuple[Change, T]:
        try:
            change, answer = await decide()
        except Unavailable:
            raise
        except Refusal:
            await replay(claimed, once)
            raise
        if answer is None and change == NOTHING:
            return change, answer
        return change + Change(claims=(once.claim(answer),)), answer

    async def commit_with_key(change: Change) -> None:
        try:
            await commit(change)
        except Conflict:
            await replay(claimed, once)
            raise

    return decide_with_key, commit_with_key


async def replay(claimed: Claimed, once: Once) -> None:
    """Returns when the key is free. Else raises Replayed, RequestUnderWay, or IdempotencyKeyReused."""
    value = await claimed(once.account_id, once.claim_key)
    if value is None:
        return
    memory = read_memory(value)
    if memory.fingerprint != once.fingerprint:
        raise IdempotencyKeyReused("This Idempotency-Key was used for another request")
    answer = once.answer_in(memory)
    if answer is not None:
        raise Replayed(answer)
    later = memory.later or ""
    final, so_far = await asyncio.gather(
        claimed(once.account_id, answer_key(later)), claimed(once.account_id, so_far_key(later))
    )
    text = final or so_far
    if text is None:
        raise RequestUnderWay("The request with this Idempotency-Key is not answered yet", retry_after=1)
    raise Replayed(read_reply(text))
