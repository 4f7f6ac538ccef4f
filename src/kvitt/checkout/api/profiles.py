"""The routes of payment profiles."""

from __future__ import annotations

import msgspec

from kvitt.checkout.api.common import actor_of
from kvitt.checkout.flows import Checkout
from kvitt.checkout.model.profile import ShownProfile
from kvitt.checkout.rules.refusals import (
    DefaultProfileStays,
    InvalidProfile,
    ProfileExists,
    StaleProfile,
    TooManyProfiles,
)
from kvitt.checkout.wire.profiles import NewProfile, ProfileUpdate
from kvitt.core.errors import NotFound
from kvitt.web import Answer, Call, Needs, Route, expected_version

_PATH = "/v1/admin/session/profiles"
_ONE = f"{_PATH}/{{profile_id}}"
_ADMIN = "Payment profiles"
_SCOPED = "/admin/session/profiles"
"""The one path scope there is of profiles, as in `write:checkout:/admin/session/profiles`, opens each of them too."""
_READ = Needs("checkout", "read", path=_SCOPED, also=("write",))
_WRITE = Needs("checkout", "write", path=_SCOPED)


def profile_routes(checkout: Checkout) -> list[Route]:
    async def create(call: Call[NewProfile]) -> ShownProfile:
        return await checkout.create_profile(call.account_id, call.body.profile_id, call.body, actor_of(call))

    async def all_of_them(call: Call[None]) -> Answer:
        return Answer(msgspec.json.encode(await checkout.list_profiles(call.account_id)))

    async def one(call: Call[None]) -> ShownProfile:
        return await checkout.get_profile(call.account_id, call.params["profile_id"])

    async def update(call: Call[ProfileUpdate]) -> ShownProfile:
        body, wanted = call.body, call.params["profile_id"]
        expected = expected_version(call, body.version)
        return await checkout.update_profile(call.account_id, wanted, body, body.profile_id, expected, actor_of(call))

    async def delete(call: Call[None]) -> ShownProfile:
        wanted = call.params["profile_id"]
        return await checkout.delete_profile(call.account_id, wanted, expected_version(call), actor_of(call))

    return [
        Route(
            "POST", _PATH, create, _WRITE, "Create a payment profile", _ADMIN, body=NewProfile, answers=ShownProfile,
            refusals=(InvalidProfile, ProfileExists, TooManyProfiles), description=_CREATE,
        ),
        Route(
            "GET", _PATH, all_of_them, _READ, "List payment profiles", _ADMIN, answers=list[ShownProfile],
            description="The default one first, then as they were made.",
        ),
        Route(
            "GET", _ONE, one, _READ, "Retrieve a payment profile", _ADMIN, answers=ShownProfile, refusals=(NotFound,)
        ),
        Route(
            "PUT", _ONE, update, _WRITE, "Replace a payment profile", _ADMIN, body=ProfileUpdate,
            answers=ShownProfile, refusals=(InvalidProfile, StaleProfile, NotFound), versioned=True,
            description="What is left out is gone. Sessions that were made from it stay as they are.",
        ),
        Route(
            "DELETE", _ONE, delete, _WRITE, "Delete a payment profile", _ADMIN, answers=ShownProfile,
            refusals=(DefaultProfileStays, StaleProfile, NotFound), versioned=True,
            description="Sessions that were made from it stay as they are. The default one cannot be deleted.",
        ),
    ]  # fmt: skip


_CREATE = (
    "`configuration` says which payment products sessions of this profile offer, and how their page looks. "
    "`profile_id` may be a name of your own, or an id of the account; an account may have 100 beside `default`."
)
