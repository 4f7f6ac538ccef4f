"""The URL that the shop is called at, and the one the customer returns to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kvitt.checkout.model.session import SessionOptions
from kvitt.checkout.rules import creation
from kvitt.checkout.rules.callbacks import options_of
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.urls import (
    callback_target,
    callback_url_fault,
    link_fault,
    return_target,
    return_url_fault,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "parameters", "called"),
    [
        ("https://a.example/hook", {"b": "1", "a": "2"}, "https://a.example/hook?a=2&b=1"),
        ("https://a.example", {"a": "1"}, "https://a.example/?a=1"),
        ("https://a.example/h?z=1&m=2", {"n": "3"}, "https://a.example/h?m=2&n=3&z=1"),
        ("https://a.example/h?k=b&k=a", {}, "https://a.example/h?k=a&k=b"),
        ("https://a.example/h?empty=&bare", {}, "https://a.example/h?bare=&empty="),
        ("https://a.example/h?q=a%20b~c*", {}, "https://a.example/h?q=a+b%7Ec*"),
        ("https://a.example/h?q=%C3%A6%2B", {}, "https://a.example/h?q=%C3%A6%2B"),
        ("https://a.example/h?session_id=old", {"session_id": "new"}, "https://a.example/h?session_id=new"),
        ("https://a.example/h#part", {"a": "1"}, "https://a.example/h?a=1"),
        ("http://127.0.0.1:8080/h", {"t": "2026-11-23T10:00:00.000Z"},
         "http://127.0.0.1:8080/h?t=2026-11-23T10%3A00%3A00.000Z"),
        # U+FFFD sorts after a surrogate pair in UTF-16, before it by code point
        ("https://a.example/h", {"\ufffd": "1", "\U0001f600": "2"},
         "https://a.example/h?%F0%9F%98%80=2&%EF%BF%BD=1"),
    ],
)  # fmt: skip
def test_the_callback_url_is_sorted_and_encoded(url: str, parameters: dict[str, str], called: str) -> None:
    assert callback_target(url, parameters) == called


@settings(max_examples=60)
@given(st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8"))))
def test_every_parameter_arrives_as_it_was(parameters: dict[str, str]) -> None:
    called = callback_target("https://a.example/h", parameters)
    assert dict(parse_qsl(urlsplit(called).query, keep_blank_values=True)) == parameters
    assert callback_target(called, {}) == called


def test_the_options_of_a_callback_url_are_read() -> None:
    options = options_of(
        "https://a.example/?method=POST&report_error=true&delay_callback=30&report_event=CAPTURE"
        "&report_event=REFUND&includes=session&sid_parameter_name=sid"
    )
    assert (options.method, options.report_error, options.delay) == ("POST", True, timedelta(seconds=30))
    assert options.report_events == {"CAPTURE", "REFUND"}
    assert (options.includes_session, options.sid_name) == (True, "sid")


@pytest.mark.parametrize(
    ("text", "seconds"), [("120", 60), ("60", 60), ("0", 0), ("-5", 0), ("soon", 0), ("", 0), ("9" * 5000, 60)]
)
def test_a_delay_beyond_sixty_seconds_is_taken_as_sixty(text: str, seconds: int) -> None:
    assert options_of(f"https://a.example/?delay_callback={text}").delay == timedelta(seconds=seconds)


def test_the_return_url_keeps_its_own_parameters(body: Callable[..., dict[str, Any]]) -> None:
    sent = body(url__return_url="https://a.example/thanks?gateway=dintero&x=%2F#top", profile_id=None)
    options = msgspec.convert(sent, SessionOptions)
    _, session = creation.create("T12345678", "T12345678.s", options, None, frozenset(), Moment(NOW, "r", ("e",)))
    session = msgspec.structs.replace(session, transaction_id="T12345678.t")
    assert return_target(session, None, "https://pay.example") == (
        "https://a.example/thanks?gateway=dintero&x=%2F&transaction_id=T12345678.t&session_id=T12345678.s"
        "&merchant_reference=ORDER-1#top"
    )
    assert return_target(session, "cancelled", "").endswith("&merchant_reference=ORDER-1&error=cancelled#top")


@pytest.mark.parametrize(
    ("account_id", "url", "good"),
    [
        ("T12345678", "http://127.0.0.1:9000/hook", True),
        ("T12345678", "https://localhost/hook", True),
        ("T12345678", "ftp://shop.example/hook", False),
        ("T12345678", "/hook", False),
        ("T12345678", "https:///hook", False),
        ("T12345678", "https://shop.example/a b", False),
        ("T12345678", "https://shop.example:http/", False),
        ("T12345678", "https://[::1/", False),
        ("P12345678", "https://shop.example/hook", True),
        ("P12345678", "https://8.8.8.8/hook", True),
        ("P12345678", "http://shop.example/hook", False),
        ("P12345678", "https://localhost/hook", False),
        ("P12345678", "https://a.localhost./hook", False),
        ("P12345678", "https://127.0.0.1/hook", False),
        ("P12345678", "https://10.1.2.3/hook", False),
        ("P12345678", "https://169.254.169.254/latest", False),
        ("P12345678", "https://127.1/hook", False),
        ("P12345678", "https://2130706433/hook", False),
        ("P12345678", "https://0x7f.0.0.1/hook", False),
        ("P12345678", "https://[::1]/hook", False),
        ("P12345678", "https://[::ffff:10.0.0.1]/hook", False),
        ("P12345678", "https://user@10.0.0.1/hook", False),
    ],
)
def test_which_callback_urls_an_account_may_name(account_id: str, url: str, good: bool) -> None:
    assert (callback_url_fault(account_id, url) is None) is good


@pytest.mark.parametrize(
    ("url", "channel", "good"),
    [
        ("https://shop.example/thanks", None, True),
        ("http://shop.example/thanks", None, True),
        ("myapp://thanks", "in_app", True),
        ("myapp://thanks", None, False),
        ("javascript:alert(1)", "in_app", False),
        ("data:text/html,x", "in_app", False),
        ("thanks", None, False),
        ("", None, False),
    ],
)
def test_which_return_urls_a_session_may_name(url: str, channel: str | None, good: bool) -> None:
    assert (return_url_fault(url, channel) is None) is good


def test_a_link_for_the_customer_is_a_web_address() -> None:
    assert link_fault("https://shop.example/terms") is None
    assert link_fault("javascript:alert(1)") is not None
