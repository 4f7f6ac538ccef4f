"""A payment profile: a stored configuration that sessions are created from. The alias `default` names the first one."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from kvitt.checkout.model.session import Configuration, Merchant
from kvitt.core.change import Kind

DEFAULT_PROFILE = "default"


class Profile(Struct, frozen=True, omit_defaults=True, kw_only=True):
    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    configuration: Configuration
    merchant: Merchant | None = None


PROFILES: Kind[Profile] = Kind("settings", Profile, lambda _: ("profile",))


def profile_key(profile_id: str) -> str:
    """The row of a profile. The default one lives under its alias, so that a session finds it in one read."""
    return f"profile:{profile_id}"
