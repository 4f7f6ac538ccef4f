"""Scopes: their spellings, what they open, and who may hand them on."""

from __future__ import annotations

import pytest

from kvitt.accounts.rules import check_handing_on, known_scopes
from kvitt.core import scopes
from kvitt.core.errors import Forbidden, InvalidRequest
from kvitt.web import Caller, Needs
from kvitt.web.access import Gate, below_root


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("admin:checkout", "admin:checkout"),
        ("checkout:admin", "admin:checkout"),
        ("receipts:write", "write:receipts"),
        ("admin:account", "admin:accounts"),
        ("accounts:read", "read:accounts"),
        ("read:shopping:/orders/ANY/events", "read:shopping:/orders/ANY/events"),
        ("nonsense", "nonsense"),
    ],
)
def test_old_spellings_mean_todays(written: str, meant: str) -> None:
    assert scopes.normalize(written) == meant


@pytest.mark.parametrize(
    "scope",
    ["", "admin", "admin:", "root:checkout", "admin:everything", "read:shopping:", "read:shopping:orders",
     "read:shopping:/orders//events", "read:shopping:/orders/*", "admin:checkout ", "read:shopping:/a\n"],
)  # fmt: skip
def test_unknown_scopes_are_refused_and_the_known_ones_listed(scope: str) -> None:
    with pytest.raises(InvalidRequest, match="admin:shopping"):
        known_scopes([scope])


def test_scopes_are_kept_once_sorted_and_in_one_spelling() -> None:
    assert known_scopes(["read:shopping", "checkout:admin", "admin:checkout"]) == ("admin:checkout", "read:shopping")


@pytest.mark.parametrize(
    ("held", "opens"),
    [
        ("admin:shopping", True),
        ("read:shopping", True),
        ("write:shopping", False),
        ("admin:checkout", False),
        ("read:shopping:/orders/ANY/events", True),
        ("read:shopping:/orders/abc/events", True),
        ("admin:shopping:/orders/ANY/events", True),
        ("write:shopping:/orders/ANY/events", False),
        ("read:checkout:/orders/ANY/events", False),
        ("read:shopping:/orders/other/events", False),
        ("read:shopping:/orders/ANY", False),
        ("read:shopping:/orders", False),
        ("read:shopping:/orders/ANY/events/ANY", False),
    ],
)
def test_a_scope_opens_what_it_says_and_no_more(held: str, opens: bool) -> None:
    gate = Gate(Needs("shopping", "read"), "/v1/accounts/{aid}/shopping/orders/{order_id}/events")
    caller = Caller("T12345678", "x", "x", frozenset([held]))
    params = {"aid": "T12345678", "order_id": "abc"}
    if opens:
        gate.check(caller, params)
    else:
        with pytest.raises(Forbidden, match="read:shopping"):
            gate.check(caller, params)


def test_a_route_may_accept_further_verbs_and_other_families() -> None:
    gate = Gate(Needs("settlements", "read", also=("write", "read:reports")), "/v1/accounts/{aid}/settlements")
    assert gate.scopes == ("admin:settlements", "read:reports", "read:settlements", "write:settlements")


@pytest.mark.parametrize(
    ("path", "service", "below"),
    [
        ("/v1/accounts/{aid}/shopping/orders", "shopping", "/orders"),
        ("/v1/accounts/{aid}/auth/users", "accounts", "/auth/users"),
        ("/v1/admin/session/profiles", "checkout", "/admin/session/profiles"),
        ("/v1/accounts/{aid}/shoppingcarts", "shopping", "/shoppingcarts"),
    ],
)
def test_path_scopes_count_from_the_services_root(path: str, service: str, below: str) -> None:
    assert below_root(path, service) == below


def test_nobody_hands_on_more_than_they_hold() -> None:
    held = {"admin:accounts", "write:shopping"}
    check_handing_on(held, ["read:accounts", "admin:accounts", "write:shopping", "write:shopping:/orders/ANY/events"])
    for beyond in ("admin:shopping", "read:shopping", "admin:checkout", "read:shopping:/orders/ANY/events"):
        with pytest.raises(Forbidden):
            check_handing_on(held, [beyond])


def test_a_path_scope_does_not_hand_on_its_family() -> None:
    with pytest.raises(Forbidden):
        check_handing_on({"write:accounts:/auth/users"}, ["write:accounts"])
