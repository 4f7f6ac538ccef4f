"""Text that only its owner's secret opens: for remembered answers that show a client secret."""

from __future__ import annotations

from joserfc import jwe
from joserfc.jwk import OctKey

HEADER = {"alg": "dir", "enc": "A256GCM"}


def seal(text: str, secret: bytes) -> str:
    """`secret`: 32 bytes."""
    return jwe.encrypt_compact(HEADER, text.encode(), OctKey.import_key(secret))


def unseal(sealed: str, secret: bytes) -> str:
    plain = jwe.decrypt_compact(sealed, OctKey.import_key(secret)).plaintext
    return (plain or b"").decode()
