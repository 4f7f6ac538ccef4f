"""What `/v1/admin/signature` answers."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kvitt.delivery.model.request import SignatureSecret


class Signature(msgspec.Struct, frozen=True, omit_defaults=True):
    """`secret` is shown once, when it is made."""

    created_at: datetime
    secret: str | None = None


class SignatureAnswer(msgspec.Struct, frozen=True):
    signature: Signature


def shown(stored: SignatureSecret, *, secret: bool = False) -> SignatureAnswer:
    """The answer about a stored secret; with the secret itself only when asked for."""
    return SignatureAnswer(Signature(stored.created_at, stored.secret if secret else None))
