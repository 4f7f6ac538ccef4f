"""What a token may do: `verb:service` (`admin:checkout`), or narrower with a path (`read:shopping:/orders/ANY/events`).

`admin` covers everything of its service; `read` and `write` cover what a route says it needs, and neither implies the
other. A path scope covers exactly the paths it spells out below the service's root, segment by segment; `ANY` stands
for one segment. The old spelling `checkout:admin` means `admin:checkout`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

VERBS = ("admin", "write", "read")
SERVICES = (
    "accounts",
    "automations",
    "billing",
    "checkout",
    "customers",
    "discounts",
    "hooks",
    "locations",
    "receipts",
    "reports",
    "settlements",
    "shopping",
    "wallets",
)
FAMILIES = frozenset(f"{verb}:{service}" for verb in VERBS for service in SERVICES)

_ALIASES = {"account": "accounts"}
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]{1,100}){1,20}\Z", re.ASCII)


def normalize(scope: str) -> str:
    """The one spelling that is stored and compared: `checkout:admin` and `admin:account` become today's words."""
    parts = scope.split(":", 2)
    if len(parts) < 2:
        return scope
    first, second, *rest = parts
    if second in VERBS and first not in VERBS:
        first, second = second, first
    return ":".join([first, _ALIASES.get(second, second), *rest])


def is_known(scope: str) -> bool:
    """Whether a normalized scope means something here."""
    verb, _, rest = scope.partition(":")
    service, colon, path = rest.partition(":")
    return f"{verb}:{service}" in FAMILIES and (not colon or bool(_PATH.match(path)))


def holds(held: Collection[str], wanted: str) -> bool:
    """Whether somebody who holds `held` may hand on `wanted`: the same scope, or the family or admin above it."""
    verb, _, rest = wanted.partition(":")
    service = rest.partition(":")[0]
    return wanted in held or f"{verb}:{service}" in held or f"admin:{service}" in held


def accepted(service: str, verb: str, also: Iterable[str] = ()) -> frozenset[str]:
    """The family scopes that open a route. `also` names further verbs, or whole scopes of other families."""
    extra = (name if ":" in name else f"{name}:{service}" for name in also)
    return frozenset((f"admin:{service}", f"{verb}:{service}", *extra))


def path_scope_covers(held: Iterable[str], families: Collection[str], segments: Sequence[str]) -> bool:
    """Whether a path scope of one of these families covers this path (its segments below the service's root)."""
    for scope in held:
        family, colon, glob = scope.partition(":/")
        if not colon or family not in families:
            continue
        wanted = glob.split("/")
        if len(wanted) == len(segments) and all(w in ("ANY", s) for w, s in zip(wanted, segments, strict=True)):
            return True
    return False
