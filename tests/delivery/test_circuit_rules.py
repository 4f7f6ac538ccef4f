from __future__ import annotations

import pytest

from kvitt.delivery.model.request import Fault, Result
from kvitt.delivery.rules.circuit import OPEN_AFTER, Circuit, after, may_send, receiver_at, state_of, without_password

SILENT = Result(fault="timeout")


def failed(times: int, circuit: Circuit = Circuit(), now: float = 100.0) -> Circuit:  # noqa: B008
    for _ in range(times):
        circuit = after(circuit, SILENT, now)
    return circuit


def test_it_opens_after_five_in_a_row_that_got_no_answer() -> None:
    assert state_of(failed(OPEN_AFTER - 1), 100) == "closed"
    opened = failed(OPEN_AFTER)
    assert (state_of(opened, 100), may_send(opened, 109)) == ("open", False)


@pytest.mark.parametrize("status", [200, 302, 404, 500, 503])
def test_any_answer_closes_it_again(status: int) -> None:
    assert after(failed(OPEN_AFTER - 1), Result(status=status), 100) == Circuit()
    assert after(failed(OPEN_AFTER), Result(status=status), 120) == Circuit()


@pytest.mark.parametrize("fault", ["scheme", "url", "unreadable", "held"])
def test_what_was_never_sent_says_nothing_of_the_receiver(fault: Fault) -> None:
    assert after(failed(3), Result(fault=fault), 100).failures == 3


def test_it_is_half_open_for_one_at_a_time() -> None:
    opened = failed(OPEN_AFTER)
    assert (state_of(opened, 110), may_send(opened, 110)) == ("half_open", True)
    probing = Circuit(opened.failures, opened.opened, opened.until, probing=True)
    assert (state_of(probing, 110), may_send(probing, 110)) == ("half_open", False)


def test_each_while_is_twice_as_long_up_to_a_minute() -> None:
    circuit, now, whiles = failed(OPEN_AFTER), 100.0, []
    for _ in range(5):
        whiles.append(circuit.until - now)
        now = circuit.until
        circuit = after(circuit, SILENT, now)
    assert whiles == [10, 20, 40, 60, 60]


def test_those_that_went_out_together_open_it_once() -> None:
    assert failed(OPEN_AFTER + 11).until == failed(OPEN_AFTER).until


def test_a_receiver_is_a_scheme_a_host_and_a_port() -> None:
    assert receiver_at("https://shop.example:8443/a?b=c") == receiver_at("https://shop.example:8443/")
    assert receiver_at("https://shop.example/") != receiver_at("http://shop.example/")


def test_a_log_shows_a_receiver_without_its_password() -> None:
    assert without_password(receiver_at("https://kari:hem@lig@shop.example:8443/a")) == "https://shop.example:8443"
    assert without_password(receiver_at("http://shop.example/")) == "http://shop.example"
