"""What is sent to `/v1/admin/session/profiles`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kvitt.checkout.model.profile import ProfileOptions

ProfileId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
Version = Annotated[
    int, Meta(ge=1, le=999_999_999, description="The version that was read; refused when it is not the latest")
]


class NewProfile(ProfileOptions, frozen=True, kw_only=True):
    """`profile_id`: what sessions are to name it by; without one it gets an id."""

    profile_id: ProfileId | None = None


class ProfileUpdate(ProfileOptions, frozen=True, kw_only=True):
    """All that is said of the profile: what is left out is gone. `profile_id`, if it is sent, is the path's."""

    profile_id: ProfileId | None = None
    version: Version | None = None
