"""A payment profile is made, replaced, deleted. Sessions carry what they took from theirs, and outlive it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import asdict, replace

from kvitt.checkout.model.profile import (
    DEFAULT_PROFILE,
    PROFILE_COUNT,
    PROFILE_COUNT_ID,
    PROFILES,
    Profile,
    ProfileCount,
    ProfileOptions,
    ShownProfile,
    profile_key,
)
from kvitt.checkout.rules.moment import Moment, news
from kvitt.checkout.rules.profile_faults import faults_of
from kvitt.checkout.rules.refusals import (
    DefaultProfileStays,
    InvalidProfile,
    ProfileExists,
    StaleProfile,
    TooManyProfiles,
)
from kvitt.core.change import Change, Put, Row
from kvitt.core.errors import problem
from kvitt.core.ids import account_of

MOST_PROFILES = 100
"""Of one account, beside the default one."""


def shown(row: Row[Profile]) -> ShownProfile:
    return ShownProfile(**asdict(row.doc), version=row.version)


def create(
    account_id: str,
    profile_id: str,
    id: str,
    options: ProfileOptions,
    before: Row[Profile] | None,
    counted: Row[ProfileCount] | None,
    moment: Moment,
) -> tuple[Change, ShownProfile]:
    """`profile_id`: what it is to be called; the default one has an `id` beside it. `before`: what has that name."""
    _refuse_faults(account_id, options, profile_id)
    if before is not None and before.doc.deleted_at is None:
        raise ProfileExists(f"The account has a payment profile {profile_id}")
    made = Profile(
        id=id,
        profile_id=profile_id,
        created_at=moment.now,
        updated_at=moment.now,
        **_options(options),
    )
    row = Row(before.version + 1 if before else 1, made)
    return _change(account_id, row, "profile.created", moment, _count(account_id, made, counted, 1)), shown(row)


def update(
    account_id: str,
    row: Row[Profile],
    options: ProfileOptions,
    named: str | None,
    expected: int | None,
    moment: Moment,
) -> tuple[Change, ShownProfile]:
    """All that a shop says of it becomes this. `named`: the `profile_id` of the body, where there is one."""
    _refuse_stale(row, expected)
    if named not in (None, row.doc.profile_id, row.doc.id):
        message = "The path names another profile, and a profile keeps its name"
        raise InvalidProfile(message, problem(message, "profile_id"))
    _refuse_faults(account_id, options)
    changed = Row(row.version + 1, replace(row.doc, updated_at=moment.now, **_options(options)))
    return _change(account_id, changed, "profile.updated", moment), shown(changed)


def delete(
    account_id: str, row: Row[Profile], counted: Row[ProfileCount] | None, expected: int | None, moment: Moment
) -> tuple[Change, ShownProfile]:
    _refuse_stale(row, expected)
    if row.doc.profile_id == DEFAULT_PROFILE:
        raise DefaultProfileStays("The default payment profile can be changed, and not deleted")
    gone = Row(row.version + 1, replace(row.doc, updated_at=moment.now, deleted_at=moment.now))
    return _change(account_id, gone, "profile.deleted", moment, _count(account_id, gone.doc, counted, -1)), shown(gone)


def _options(options: ProfileOptions) -> dict[str, Any]:
    return {name: getattr(options, name) for name in ProfileOptions.__struct_fields__}


def _change(account_id: str, row: Row[Profile], event: str, moment: Moment, counted: tuple[Put, ...] = ()) -> Change:
    put = PROFILES.put(account_id, profile_key(row.doc.profile_id), row.doc, row.version - 1)
    told = news(account_id, moment.ids[0], event, row.doc.id, row.version, moment.now, shown(row))
    return Change(puts=(put, *counted), events=(told,))


def _count(account_id: str, profile: Profile, counted: Row[ProfileCount] | None, more: int) -> tuple[Put, ...]:
    """Two at once cannot both be the last one that fits: they write the same row."""
    if profile.profile_id == DEFAULT_PROFILE:
        return ()
    count = (counted.doc.count if counted else 0) + more
    if count > MOST_PROFILES:
        raise TooManyProfiles(f"The account has {MOST_PROFILES} payment profiles, and may not have more")
    version = counted.version if counted else 0
    return (PROFILE_COUNT.put(account_id, PROFILE_COUNT_ID, ProfileCount(count), version),)


def _refuse_faults(account_id: str, options: ProfileOptions, profile_id: str = "") -> None:
    faults = list(faults_of(options))
    if account_of(profile_id) not in (None, account_id):
        faults.append(problem("This is an id of another account", "profile_id"))
    if faults:
        raise InvalidProfile("The payment profile cannot be kept", *faults)


def _refuse_stale(row: Row[Profile], expected: int | None) -> None:
    """`expected`: the version that the caller read; None when they do not say."""
    if expected not in (None, row.version):
        message = f"version {expected} was named, and the latest is {row.version}: read it again"
        raise StaleProfile(message, problem(message, requested=expected, version=row.version))
