"""Audiences, credentials, secrets, guessing, key rings."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from kvitt.accounts import rules, tokens
from kvitt.accounts.guard import FAILURES, WINDOW_SECONDS, FailureGuard
from kvitt.accounts.model import Client, KeyRing
from kvitt.core.errors import InvalidRequest, TooManyRequests

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("audience", "account"),
    [
        ("https://api.dintero.com/v1/accounts/T12345678", "T12345678"),
        ("http://127.0.0.1:8080/v1/accounts/P12345678", "P12345678"),
        ("https://T12345678@api.example.com/v1/accounts/T12345678", "T12345678"),
        ("https://api.example.com/v1/accounts/T12345678/", "T12345678"),
        ("https://api.example.com/v1/accounts/T1234567", None),
        ("https://api.example.com/v1/accounts/T12345678/shopping", None),
        ("https://api.example.com/v2/accounts/T12345678", None),
        ("https://api.example.com/v1/accounts/T12345678?x=1", None),
        ("https://api.example.com/v1/accounts/T12345678\n", None),
        ("ftp://api.example.com/v1/accounts/T12345678", None),
        ("/v1/accounts/T12345678", None),
        ("T12345678", None),
        ("https://[::1/v1/accounts/T12345678", None),
        ("", None),
    ],
)
def test_an_audience_names_an_account_on_any_host(audience: str, account: str | None) -> None:
    assert rules.audience_account(audience) == account


@pytest.mark.parametrize(
    "header",
    [None, "", "Basic", "Basic ", "Basic !!!", "Bearer YTpi", "Basic " + base64.b64encode(b"nocolon").decode(),
     "Basic " + base64.b64encode(b"\xff:\xff").decode(), "Basic YTpi=YTpi"],
)  # fmt: skip
def test_a_header_that_is_not_basic_has_no_credentials(header: str | None) -> None:
    assert rules.basic_credentials(header) is None


def test_basic_credentials_are_split_at_the_first_colon() -> None:
    header = "basic " + base64.b64encode(b"ecom-123:a:b").decode()
    assert rules.basic_credentials(header) == ("ecom-123", "a:b")


def client(**changes: object) -> Client:
    values = {
        "id": "8f14e45f-ceea-467f-a5f5-1c0f4b2d3e4a",
        "client_id": "ecom-123",
        "name": "Shop",
        "secret_sha256": rules.hash_secret("right"),
        "scopes": ("admin:shopping",),
        "created_at": NOW,
    }
    return Client(**{**values, **changes})  # type: ignore[arg-type]


def test_only_the_right_secret_of_a_living_client_fits() -> None:
    assert rules.secret_fits(client(), "right")
    assert not rules.secret_fits(client(), "wrong")
    assert not rules.secret_fits(client(), "")
    assert not rules.secret_fits(client(deleted_at=NOW), "right")
    assert not rules.secret_fits(None, "right")


@pytest.mark.parametrize("client_id", ["", "a:b", "a b", "a\n", "ø", "x" * 101, "a\0"])
def test_a_client_id_that_basic_cannot_carry_is_refused(client_id: str) -> None:
    with pytest.raises(InvalidRequest, match="client_id"):
        rules.new_client("T12345678", client(client_id=client_id), None, 0, "event")


def test_guessing_is_slowed_down_for_that_client_alone_and_for_a_while() -> None:
    now = 0.0
    guard = FailureGuard(lambda: now)
    for _ in range(FAILURES):
        guard.failed("T1", "guessed")
    with pytest.raises(TooManyRequests) as refusal:
        guard.failed("T1", "guessed")
    assert 1 <= refusal.value.retry_after <= WINDOW_SECONDS + 1
    guard.failed("T1", "other")
    now = WINDOW_SECONDS
    guard.failed("T1", "guessed")


def test_what_the_guard_remembers_is_bounded() -> None:
    guard = FailureGuard(lambda: 0.0, limit=3)
    for number in range(100):
        guard.failed("T1", str(number))
    assert len(guard) == 3
    guard.succeeded("T1", "99")
    assert len(guard) == 2


def test_a_retired_key_stays_until_its_last_token_is_dead() -> None:
    life = timedelta(hours=4)
    first, second, third = (tokens.generate_key(NOW + timedelta(hours=hours)) for hours in (0, 1, 6))
    ring = rules.ring_with(KeyRing((first,)), second, life)
    assert [key.kid for key in ring.keys] == [second.kid, first.kid]
    assert ring.keys[1].retired_at == second.created_at
    ring = rules.ring_with(ring, third, life)
    assert [key.kid for key in ring.keys] == [third.kid, second.kid]
