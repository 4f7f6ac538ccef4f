from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kvitt.delivery.model.request import Result
from kvitt.delivery.rules.addresses import may_call
from kvitt.delivery.rules.schedule import MAX_TRIES, outcome_of, wait_after

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.mark.parametrize("status", [200, 201, 204, 299, 301, 302, 308, 399])
def test_an_answer_below_400_is_delivered(status: int) -> None:
    assert outcome_of(Result(status), 1, NOW, 0.0).state == "delivered"


@pytest.mark.parametrize("status", [400, 401, 404, 408, 410, 429, 499])
def test_an_answer_of_400_to_499_is_final(status: int) -> None:
    assert outcome_of(Result(status), 1, NOW, 0.0).state == "dead"


@pytest.mark.parametrize(
    "result",
    [Result(100), Result(101), Result(500), Result(503), Result(599)]
    + [Result(fault=fault) for fault in ("timeout", "connection", "tls", "address")],  # type: ignore[arg-type]
)
def test_a_server_fault_and_silence_are_tried_again_twenty_times_in_all(result: Result) -> None:
    first = outcome_of(result, 1, NOW, 0.0)
    assert first.state == "retry"
    assert first.retry_at is not None
    assert (first.retry_at - NOW).total_seconds() == 10
    assert outcome_of(result, MAX_TRIES - 1, NOW, 0.0).state == "retry"
    assert outcome_of(result, MAX_TRIES, NOW, 0.0).state == "dead"


@pytest.mark.parametrize("fault", ["scheme", "url", "unreadable"])
def test_a_request_that_never_can_be_sent_is_given_up_at_once(fault: str) -> None:
    assert outcome_of(Result(fault=fault), 1, NOW, 0.0).state == "dead"  # type: ignore[arg-type]


def test_the_wait_doubles_up_to_an_hour() -> None:
    waits = [wait_after(tries, 0.0).total_seconds() for tries in range(1, MAX_TRIES)]
    assert waits[:10] == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600]
    assert set(waits[10:]) == {3600}


@settings(max_examples=60)
@given(st.integers(1, 100), st.floats(0, 1, exclude_max=True))
def test_jitter_shortens_a_wait_by_at_most_a_fifth(tries: int, jitter: float) -> None:
    plain, jittered = wait_after(tries, 0.0), wait_after(tries, jitter)
    assert plain * 0.799 <= jittered <= plain


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "192.0.2.1",
     "198.18.0.1", "255.255.255.255", "240.0.0.1", "::1", "::", "fd00::1", "fec0::1", "2001:db8::1",
     "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
     "2002:7f00:1::", "2001:0:1:1:1:1:80ff:fffe", "169.254.169.254", "fe80::1", "fe80::1%eth0", "224.0.0.1", "ff02::1",
     "ff0e::1", "::127.0.0.1", "192.0.0.1", "192.0.0.192", "192.88.99.1", "3fff::1", "not an address", ""],
)  # fmt: skip
def test_live_accounts_reach_public_addresses_only(address: str) -> None:
    assert not may_call(address, live=True)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:2800:220:1::1", "::ffff:1.1.1.1"])
@pytest.mark.parametrize("live", [True, False])
def test_public_addresses_are_for_everybody(address: str, live: bool) -> None:
    assert may_call(address, live=live)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "172.17.0.1", "192.168.1.1", "::ffff:127.0.0.1"])
def test_test_accounts_reach_this_machine_and_its_network(address: str) -> None:
    assert may_call(address, live=False)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "224.0.0.1", "nonsense"])
def test_nobody_reaches_link_local_addresses(address: str) -> None:
    assert not may_call(address, live=False)


@pytest.mark.parametrize("address", ["100.100.100.200", "192.0.0.192", "fd00:ec2::254", "::ffff:100.100.100.200"])
def test_nobody_reaches_what_hands_out_a_machines_credentials_elsewhere(address: str) -> None:
    assert not may_call(address, live=False)
