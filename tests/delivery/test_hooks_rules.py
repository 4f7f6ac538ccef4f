from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kvitt.delivery.model.request import Result
from kvitt.delivery.model.webhooks import HookSecret, Subscription
from kvitt.delivery.rules.webhooks import hook_url_fault, outcome_of_hook, rotated

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("status", [200, 204, 299, 301, 400, 410, 500])
def test_only_two_hundreds_are_delivered(status: int) -> None:
    assert outcome_of_hook(Result(status), 1, NOW, 0.0).state == ("delivered" if status < 300 else "retry")


def test_a_refused_url_is_dead_at_once_and_a_refused_address_is_not() -> None:
    assert outcome_of_hook(Result(fault="scheme"), 1, NOW, 0.0).state == "dead"
    assert outcome_of_hook(Result(fault="address"), 1, NOW, 0.0).state == "retry"


@pytest.mark.parametrize(
    "url", ["http://shop.example/", "https://localhost/", "https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/",
            "https://db.internal/", "https://a b/", "ftp://shop.example/", "https:///x", "//shop.example", "x" * 3000],
)  # fmt: skip
def test_a_live_account_names_public_https_receivers_only(url: str) -> None:
    assert hook_url_fault("P12345678", url)
    assert hook_url_fault("P12345678", "https://shop.example/hook") is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:3000/hook", "http://localhost/", "https://shop.example/a?b=c"])
def test_a_test_account_may_name_its_own_machine(url: str) -> None:
    assert hook_url_fault("T12345678", url) is None


def test_old_secrets_stay_good_for_the_overlap_and_never_longer_than_promised_before() -> None:
    subscription = Subscription(
        id="1", url="u", events=(), secrets=(HookSecret("HMAC-SHA1", "a"),), active=True, created_at=NOW,
        created_by="", updated_at=NOW, after=(0, 0, 0),
    )  # fmt: skip
    soon, later = NOW + timedelta(minutes=1), NOW + timedelta(hours=1)
    once = rotated(subscription, HookSecret("HMAC-SHA1", "b"), soon, NOW)
    twice = rotated(once, HookSecret("HMAC-SHA1", "c"), later, NOW)
    assert [(secret.value, secret.until) for secret in twice.secrets] == [("c", None), ("b", later), ("a", soon)]
    at_once = rotated(twice, HookSecret("HMAC-SHA1", "d"), NOW, NOW)
    assert [secret.value for secret in at_once.secrets] == ["d"]
