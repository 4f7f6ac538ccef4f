"""Routes of delivery: the secret that outgoing requests are signed with."""

from __future__ import annotations

import secrets

from kvitt.core.errors import NotFound
from kvitt.delivery.flows.signature import Signatures
from kvitt.delivery.model.request import SignatureSecret
from kvitt.delivery.wire.signature import SignatureAnswer, shown
from kvitt.web import Call, Needs, Route

_PATH = "/v1/admin/signature"
_TAG = "Signature"
_WRITE = Needs("checkout", "write")
_READ = Needs("checkout", "read")


def routes(signatures: Signatures) -> list[Route]:
    async def create(call: Call[None]) -> SignatureAnswer:
        def answer(made: SignatureSecret) -> SignatureAnswer:
            return shown(made, secret=True)

        return answer(await signatures.create(call.account_id, secrets.token_hex(32), call.once(answer)))

    async def read(call: Call[None]) -> SignatureAnswer:
        return shown(await signatures.get(call.account_id))

    async def remove(call: Call[None]) -> SignatureAnswer:
        return shown(await signatures.remove(call.account_id))

    return [
        Route(
            "POST", _PATH, create, _WRITE, "Make a signature secret", _TAG, answers=SignatureAnswer,
            description="From now on every outgoing request carries Dintero-Signature, made with this secret. It is "
            "shown in this answer alone. A secret that was there before stops being used at once.",
        ),
        Route(
            "GET", _PATH, read, _READ, "When the signature secret was made", _TAG, answers=SignatureAnswer,
            refusals=(NotFound,), description="The secret itself is not shown again.",
        ),
        Route(
            "DELETE", _PATH, remove, _WRITE, "Remove the signature secret", _TAG, answers=SignatureAnswer,
            refusals=(NotFound,), description="Outgoing requests go unsigned from now on.",
        ),
    ]  # fmt: skip
