"""Once per key: a request that is sent again is answered again, and does nothing again.

A caller names a request with an `Idempotency-Key`. What it did and what it was told are committed in one Change, the
latter as a claim, so that of many equal requests one alone has an effect:

    idempotency:<name>           {"fingerprint", "answer"}, or {"fingerprint", "later"} when a provider is asked first
    idempotency-so-far:<later>   the answer given while nobody knew the outcome
    idempotency-answer:<later>   the answer, committed in the Change that settles the outcome

`name` is a hash of the key: who reads the database learns no key. `later` is the id of the attempt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from kvitt.core.change import Claim, encode_text
from kvitt.core.errors import KvittError
from kvitt.core.reply import Reply, reply

Seal = Callable[[str, bytes], str]
"""Text and a secret of 32 bytes in, text out."""


class Replayed(KvittError):
    """Not a failure: the request was made before, and this is what it was answered."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


class Memory(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a key is remembered by. One of `answer`, `sealed` and `later`."""

    fingerprint: str
    answer: Reply | None = None
    sealed: str | None = None
    later: str | None = None


@dataclass(frozen=True)
class Once:
    """A request with a key, as flows get it.

    `fingerprint` tells equal requests from others. `answer` makes the reply from what the flow answers. `secret`
    follows from the key and is stored nowhere; `seal` and `unseal` keep an answer with it that the database must not
    show.
    """

    account_id: str
    name: str
    fingerprint: str
    secret: bytes
    answer: Callable[[Any], Reply] = reply
    later: str | None = None
    seal: Seal | None = None
    unseal: Seal | None = None

    @property
    def claim_key(self) -> str:
        return f"idempotency:{self.name}"

    def promised(self, attempt_id: str) -> Once:
        """The answer comes when this attempt is settled."""
        return replace(self, later=attempt_id)

    def sealed(self, seal: Seal, unseal: Seal) -> Once:
        """The answer shows what the database must not."""
        return replace(self, seal=seal, unseal=unseal)

    def claim(self, result: Any) -> Claim:
        """To be committed with the effect, whose flow answers `result`."""
        return Claim(self.account_id, self.claim_key, encode_text(self._memory(result)))

    def _memory(self, result: Any) -> Memory:
        if self.later is not None:
            return Memory(self.fingerprint, later=self.later)
        answer = self.answer(result)
        if self.seal is not None:
            return Memory(self.fingerprint, sealed=self.seal(encode_text(answer), self.secret))
        return Memory(self.fingerprint, answer)

    def answer_in(self, memory: Memory) -> Reply | None:
        """None when the answer comes later."""
        if memory.sealed is not None and self.unseal is not None:
            return read_reply(self.unseal(memory.sealed, self.secret))
        return memory.answer


def once(
    account_id: str, key: str, request: tuple[bytes, ...], answer: Callable[[Any], Reply], within: str = ""
) -> Once:
    """`request`: all that makes it this request. `within`: whose keys, apart from the account's own."""
    salted = within.encode(), key.encode()
    return Once(
        account_id,
        name=_hash(b"name", *salted).hex(),
        fingerprint=_hash(b"request", *salted, *request).hex(),
        secret=_hash(b"secret", *salted),
        answer=answer,
    )


def answer_key(later: str) -> str:
    return f"idempotency-answer:{later}"


def so_far_key(later: str) -> str:
    return f"idempotency-so-far:{later}"


read_memory = msgspec.json.Decoder(Memory).decode
read_reply = msgspec.json.Decoder(Reply).decode


def _hash(*parts: bytes) -> bytes:
    """Each part with its length before it, so that no two lists of parts read the same."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()
