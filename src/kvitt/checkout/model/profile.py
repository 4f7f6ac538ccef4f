"""A payment profile: a stored configuration that sessions are created from. The alias `default` names the first one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from kvitt.checkout.model.session import Configuration, Merchant
from kvitt.core.change import Kind

DEFAULT_PROFILE = "default"


class ProfileUrl(Struct, frozen=True, omit_defaults=True):
    """What sessions of the profile link to, unless they say it themselves."""

    merchant_terms_url: str | None = None


class ProfileOptions(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a shop says of a profile."""

    configuration: Configuration
    name: Annotated[str, Meta(max_length=255)] | None = None
    description: Annotated[str, Meta(max_length=2000)] | None = None
    merchant: Merchant | None = None
    url: ProfileUrl | None = None


class Profile(ProfileOptions, frozen=True, omit_defaults=True, kw_only=True):
    """`profile_id`: what it was called by whoever made it, `default`, or its id once more.

    A deleted one stays under its name, so that its version counts on when the name is used again.
    """

    id: str
    created_at: datetime
    updated_at: datetime
    profile_id: str = DEFAULT_PROFILE
    deleted_at: datetime | None = None


class ShownProfile(Profile, frozen=True, omit_defaults=True, kw_only=True):
    """As the API shows it. `version`: how many accepted writes it has seen."""

    profile_id: str
    version: int


class ProfileCount(Struct, frozen=True):
    """How many profiles an account has beside the default one: written with each that comes or goes."""

    count: int


PROFILES: Kind[Profile] = Kind("settings", Profile, lambda p: ("deleted_profile" if p.deleted_at else "profile",))
PROFILE_COUNT: Kind[ProfileCount] = Kind("settings", ProfileCount, lambda _: ("profile_count",))
PROFILE_COUNT_ID = "profiles"


def profile_key(profile_id: str) -> str:
    """The row of a profile. The default one lives under its alias, so that a session finds it in one read."""
    return f"profile:{profile_id}"
