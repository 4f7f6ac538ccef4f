"""Payment profiles: read, and the one that every test account begins with."""

from __future__ import annotations

import asyncio

from kvitt.checkout.flows.desk import Desk
from kvitt.checkout.model.profile import DEFAULT_PROFILE, PROFILES, Profile, profile_key
from kvitt.checkout.model.session import Configuration, Merchant
from kvitt.core.change import Change
from kvitt.core.errors import Conflict, NotFound
from kvitt.core.ids import account_of, new_short_id


async def find_profile(desk: Desk, account_id: str, profile_id: str) -> Profile | None:
    """By its id or by the alias `default`, under which the first one is stored."""
    if profile_id == DEFAULT_PROFILE:
        row = await desk.store.get(PROFILES, account_id, profile_key(DEFAULT_PROFILE))
        return row.doc if row else None
    if account_of(profile_id) != account_id:
        return None
    own, first = await asyncio.gather(
        desk.store.get(PROFILES, account_id, profile_key(profile_id)),
        desk.store.get(PROFILES, account_id, profile_key(DEFAULT_PROFILE)),
    )
    if own is not None:
        return own.doc
    return first.doc if first is not None and first.doc.id == profile_id else None


async def get_profile(desk: Desk, account_id: str, profile_id: str) -> Profile:
    profile = await find_profile(desk, account_id, profile_id)
    if profile is None:
        raise NotFound("There is no such payment profile")
    return profile


async def list_profiles(desk: Desk, account_id: str) -> list[Profile]:
    rows = await desk.store.list(PROFILES, account_id, where={"kind": "profile"})
    return [row.doc for row in rows]


async def create_default_profile(desk: Desk, account_id: str, merchant_name: str) -> None:
    """A profile that offers the sandbox's card and names the merchant to customers.

    An account that has a default profile keeps it.
    """
    now = desk.clock(account_id)
    profile = Profile(
        id=new_short_id(account_id, now),
        name="Default",
        created_at=now,
        updated_at=now,
        merchant=Merchant(name=merchant_name),
        configuration=Configuration(
            dintero_psp={
                "payment_type": "dintero_psp",
                "creditcard": {"enabled": True, "payment_product_type": "dintero_psp.creditcard"},
            }
        ),
    )
    try:
        await desk.store.commit(Change(puts=(PROFILES.put(account_id, profile_key(DEFAULT_PROFILE), profile),)))
    except Conflict:
        return
