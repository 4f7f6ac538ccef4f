"""The routes of payment profiles."""

from __future__ import annotations

import msgspec

from kvitt.checkout.api.common import READ_OR_WRITE
from kvitt.checkout.flows import Checkout
from kvitt.checkout.model.profile import Profile
from kvitt.core.errors import NotFound
from kvitt.web import Answer, Call, Route

_ADMIN = "Payment profiles"


def profile_routes(checkout: Checkout) -> list[Route]:
    async def all_of_them(call: Call[None]) -> Answer:
        return Answer(msgspec.json.encode(await checkout.list_profiles(call.account_id)))

    async def one(call: Call[None]) -> Profile:
        return await checkout.get_profile(call.account_id, call.params["profile_id"])

    return [
        Route(
            "GET", "/v1/admin/session/profiles", all_of_them, READ_OR_WRITE, "List payment profiles", _ADMIN,
            answers=list[Profile],
        ),
        Route(
            "GET", "/v1/admin/session/profiles/{profile_id}", one, READ_OR_WRITE, "Retrieve a payment profile", _ADMIN,
            answers=Profile, refusals=(NotFound,),
        ),
    ]  # fmt: skip
