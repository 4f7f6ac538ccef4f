"""What a token reads like, and whether one is genuine.

    kvitt_pt_5cyWnV68vzJ1kYjZPrKWWm_dGhpcyBpcyBub3QgYSByZWFsIHRva2VuLCBqdXN0IGE
             which token            HMAC-SHA256 of its kind and id with the account's key, base64url

The id says which token is meant, and is no secret: `payment_token_id` shows it. Only the other half opens anything, and
it is computed whenever it is needed: nothing that is stored or logged holds it. Another account has another key.
"""

from __future__ import annotations

import base64
import hmac
import re

from kvitt.checkout.model.saved import TokenType

_PREFIX: dict[TokenType, str] = {"payment_token": "kvitt_pt", "recurrence_token": "kvitt_rt"}
_TOKEN = re.compile(r"(kvitt_pt|kvitt_rt)_([1-9A-HJ-NP-Za-km-z]{22})_[A-Za-z0-9_-]{43}\Z", re.ASCII)


def token_value(key: bytes, token_id: str, type: TokenType) -> str:
    """The token that a shop gets. `key`: the account's."""
    mac = hmac.digest(key, f"{type}\n{token_id}".encode(), "sha256")
    suffix = base64.urlsafe_b64encode(mac).decode().rstrip("=")
    return f"{_PREFIX[type]}_{token_id.partition('.')[2]}_{suffix}"


def token_id_in(account_id: str, type: TokenType, value: str) -> str | None:
    """The id that a text names, if it reads like a token of this kind; whether it is genuine is another question."""
    match = _TOKEN.match(value)
    return f"{account_id}.{match[2]}" if match is not None and match[1] == _PREFIX[type] else None


def is_genuine(key: bytes, token_id: str, type: TokenType, value: str) -> bool:
    """Takes as long for a token that is nearly right as for one that is not at all."""
    return hmac.compare_digest(token_value(key, token_id, type).encode(), value.encode())
