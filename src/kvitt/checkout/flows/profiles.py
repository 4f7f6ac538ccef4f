"""Payment profiles: made, read, replaced, deleted; and the one that every test account begins with."""

from __future__ import annotations

import asyncio

from kvitt.checkout.flows.desk import Actor, Desk
from kvitt.checkout.model.profile import (
    DEFAULT_PROFILE,
    PROFILE_COUNT,
    PROFILE_COUNT_ID,
    PROFILES,
    Profile,
    ProfileOptions,
    ShownProfile,
    profile_key,
)
from kvitt.checkout.model.session import Configuration, Merchant, Methods
from kvitt.checkout.rules import profiles
from kvitt.checkout.rules.profiles import MOST_PROFILES, shown
from kvitt.core.change import Change, Row
from kvitt.core.errors import Conflict, NotFound
from kvitt.core.ids import new_short_id


async def find_profile(desk: Desk, account_id: str, profile_id: str) -> Profile | None:
    found = await _find(desk, account_id, profile_id)
    return found.doc if found is not None else None


async def get_profile(desk: Desk, account_id: str, profile_id: str) -> ShownProfile:
    return shown(await _profile(desk, account_id, profile_id))


async def list_profiles(desk: Desk, account_id: str) -> list[ShownProfile]:
    """The default one first, then as they were made."""
    rows = await desk.store.list(PROFILES, account_id, where={"kind": "profile"}, limit=MOST_PROFILES + 1)
    return sorted(map(shown, rows), key=lambda p: (p.profile_id != DEFAULT_PROFILE, p.created_at, p.id))


async def create(
    desk: Desk, account_id: str, profile_id: str | None, options: ProfileOptions, actor: Actor
) -> ShownProfile:
    """`profile_id`: what the caller calls it; its id without one. InvalidProfile, ProfileExists, TooManyProfiles."""

    async def decide() -> tuple[Change, ShownProfile]:
        moment = desk.moment(account_id, actor, ids=1)
        minted = new_short_id(account_id, moment.now)
        name = profile_id or minted
        id = minted if name == DEFAULT_PROFILE else name
        before, counted = await asyncio.gather(
            _at_its_name(desk, account_id, name), desk.store.get(PROFILE_COUNT, account_id, PROFILE_COUNT_ID)
        )
        return profiles.create(account_id, name, id, options, before, counted, moment)

    return await desk.store.decide(decide, on=(account_id, PROFILE_COUNT_ID), once=actor.once)


async def update(
    desk: Desk,
    account_id: str,
    profile_id: str,
    options: ProfileOptions,
    named: str | None,
    expected: int | None,
    actor: Actor,
) -> ShownProfile:
    """`named`: the `profile_id` of the body. `expected`: the version that the caller read."""

    async def decide() -> tuple[Change, ShownProfile]:
        row = await _profile(desk, account_id, profile_id)
        return profiles.update(account_id, row, options, named, expected, desk.moment(account_id, actor, ids=1))

    return await desk.store.decide(decide, on=(account_id, profile_key(profile_id)), once=actor.once)


async def delete(desk: Desk, account_id: str, profile_id: str, expected: int | None, actor: Actor) -> ShownProfile:
    """Answers what was deleted. Sessions made from it stay as they are."""

    async def decide() -> tuple[Change, ShownProfile]:
        row, counted = await asyncio.gather(
            _profile(desk, account_id, profile_id), desk.store.get(PROFILE_COUNT, account_id, PROFILE_COUNT_ID)
        )
        return profiles.delete(account_id, row, counted, expected, desk.moment(account_id, actor, ids=1))

    return await desk.store.decide(decide, on=(account_id, PROFILE_COUNT_ID))


async def create_default_profile(desk: Desk, account_id: str, merchant_name: str) -> None:
    """A profile that offers what a Nordic shop would, and names the merchant to customers.

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
            default_payment_type="dintero_psp.creditcard",
            dintero_psp=_enabled("creditcard", "vipps", "applepay", "googlepay"),
            payex=_enabled("swish", "mobilepay"),
            klarna=_enabled("klarna"),
            collector=_enabled("invoice"),
        ),
    )
    try:
        await desk.store.commit(Change(puts=(PROFILES.put(account_id, profile_key(DEFAULT_PROFILE), profile),)))
    except Conflict:
        return


def _enabled(*products: str) -> Methods:
    return {product: {"enabled": True} for product in products}


async def _profile(desk: Desk, account_id: str, profile_id: str) -> Row[Profile]:
    row = await _find(desk, account_id, profile_id)
    if row is None:
        raise NotFound("There is no such payment profile")
    return row


async def _find(desk: Desk, account_id: str, profile_id: str) -> Row[Profile] | None:
    row = await _at_its_name(desk, account_id, profile_id)
    return None if row is None or row.doc.deleted_at is not None else row


async def _at_its_name(desk: Desk, account_id: str, profile_id: str) -> Row[Profile] | None:
    """By its name, or the default one by its id: it is stored under its alias. A deleted one is found too."""
    if profile_id == DEFAULT_PROFILE:
        return await desk.store.get(PROFILES, account_id, profile_key(DEFAULT_PROFILE))
    own, first = await asyncio.gather(
        desk.store.get(PROFILES, account_id, profile_key(profile_id)),
        desk.store.get(PROFILES, account_id, profile_key(DEFAULT_PROFILE)),
    )
    if own is not None:
        return own
    return first if first is not None and first.doc.id == profile_id else None
