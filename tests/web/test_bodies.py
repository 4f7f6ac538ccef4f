"""What may be wrong with a body, and what the caller is told."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kvitt.core.errors import InvalidRequest, Problem
from kvitt.web.decoding import BodyDecoder

from .conftest import ORDERS, NewOrder

GOOD = {
    "order": {
        "currency": "NOK",
        "items": [{"id": "175938", "line_id": 1, "gross_amount": 39800, "tax_lines": [{"amount": 7960}]}],
    }
}


def with_member(path: str, value: Any) -> bytes:
    body = json.loads(json.dumps(GOOD))
    *parents, last = path.split(".")
    place: Any = body
    for name in parents:
        place = place[int(name)] if isinstance(place, list) else place[name]
    place[int(last) if isinstance(place, list) else last] = value
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "a JSON body is required"),
        (b"  \n", "a JSON body is required"),
        (b"{", "body is not JSON (at byte 1)"),
        (b'{"order": tru}', "body is not JSON (at byte 14)"),
        (b'{"order": NaN}', "body is not JSON (at byte 10)"),
        (b"order=1", "body is not JSON (at byte 0)"),
        (b"{} {}", "body is not JSON (at byte 4)"),
        (b"[]", "the body must be an object, not an array"),
        (b"null", "the body must be an object, not null"),
        (b'"order"', "the body must be an object, not a string"),
        (b'{"order": "\xff"}', "body is not JSON (invalid UTF-8 at byte 11)"),
        (b'{"ignored": "\xff"}', "body is not JSON (invalid UTF-8 at byte 13)"),
        (b'{"a":' * 50_000, "body cannot be read (it is nested too deeply)"),
        ("{}".encode("utf-16"), "body is not JSON (invalid UTF-8 at byte 0)"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_in_words(
    client: httpx.AsyncClient, body: bytes, words: str
) -> None:
    answer = await client.post(ORDERS, content=body)
    assert answer.status_code == 400
    assert answer.json() == {
        "error": {
            "code": "INVALID_REQUEST_PARAMETER",
            "message": words,
            "errors": [{"message": words, "description": words}],
        }
    }


@pytest.mark.parametrize(
    ("path", "value", "fault", "words"),
    [
        ("order", None, "order", "must be an object, not null"),
        ("order.currency", 1, "order.currency", "must be a string, not a whole number"),
        ("order.currency", "EUR\n", "order.currency", "must match ^[A-Z]{3}\\Z"),
        ("order.kind", "gift", "order.kind", "must be one of: reversal, sale"),
        ("order.items", {}, "order.items", "must be an array, not an object"),
        ("order.items", [{}] * 4, "order.items", "must have at most 3 items"),
        ("order.items.0", 7, "order.items.0", "must be an object, not a whole number"),
        ("order.items.0.gross_amount", "39800", "order.items.0.gross_amount", "must be a whole number, not a string"),
        ("order.items.0.gross_amount", 1.5, "order.items.0.gross_amount", "must be a whole number, not one with a"),
        ("order.items.0.gross_amount", -1, "order.items.0.gross_amount", "must be at least 0"),
        ("order.items.0.gross_amount", 10**15, "order.items.0.gross_amount", "must be at most 999999999999"),
        ("order.items.0.gross_amount", 10**40, "order.items.0.gross_amount", "must be at most 999999999999"),
        ("order.items.0.gross_amount", 1e300, "order.items.0.gross_amount", "is out of range"),
        ("order.items.0.gross_amount", True, "order.items.0.gross_amount", "must be a whole number, not a boolean"),
        ("order.items.0.gross_amount", None, "order.items.0.gross_amount", "must be a whole number, not null"),
        ("order.note", "a\0b", "order.note", "contains a NUL character"),
        ("ignored", {"deep": ["\0"]}, "ignored.deep.0", "contains a NUL character"),
        ("igno\0red", 1, "igno\\u0000red", "has a NUL character in its name"),
        ("order.note", "\ud800", "order.note", "contains half a surrogate pair"),
    ],
)
async def test_a_fault_is_named_by_its_path(
    client: httpx.AsyncClient, path: str, value: Any, fault: str, words: str
) -> None:
    answer = await client.post(ORDERS, content=with_member(path, value))
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "INVALID_REQUEST_PARAMETER"
    first = error["errors"][0]
    assert first["path"] == fault
    assert first["message"].startswith(f"{fault} {words}")
    assert first["description"] == first["message"]


@pytest.mark.parametrize("percentage", ["NaN", "-Infinity", "sNaN", "1e999999999", "0." + "1" * 99, "much"])
async def test_a_decimal_that_is_no_percentage_is_refused(client: httpx.AsyncClient, percentage: str) -> None:
    body = with_member("order.items.0.tax_lines", [{"amount": 1, "percentage": percentage}])
    answer = await client.post(ORDERS, content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["path"] == "order.items.0.tax_lines.0.percentage"


async def test_a_huge_exponent_is_refused_at_once(client: httpx.AsyncClient) -> None:
    body = with_member("order.items.0.tax_lines", [{"amount": 1, "percentage": 25}])
    for number in (b"1e999999999", b"1e-999999999"):
        answer = await client.post(ORDERS, content=body.replace(b'"percentage": 25', b'"percentage": ' + number))
        assert answer.status_code == 400


async def test_all_faults_are_listed(client: httpx.AsyncClient) -> None:
    body = {"order": {"items": [{"id": 1, "gross_amount": "x"}, {"id": "a", "line_id": 2, "gross_amount": 1}]}}
    answer = await client.post(ORDERS, json=body)
    error = answer.json()["error"]
    assert {fault["path"] for fault in error["errors"]} == {
        "order.currency",
        "order.items.0.id",
        "order.items.0.line_id",
        "order.items.0.gross_amount",
    }
    assert error["message"] == "order.currency is required (and 3 more)"


@pytest.mark.parametrize("number", [b"29990.0", b"29989.999999999996", b"29990.000000000004", b"2.999e4"])
async def test_float_noise_is_forgiven(client: httpx.AsyncClient, number: bytes) -> None:
    body = with_member("order.items.0.gross_amount", 0).replace(b'"gross_amount": 0', b'"gross_amount": ' + number)
    answer = await client.post(ORDERS, content=body)
    assert answer.status_code == 200
    assert answer.json()["order"]["items"][0]["gross_amount"] == 29990


async def test_null_for_a_member_that_may_be_left_out_is_forgiven(client: httpx.AsyncClient) -> None:
    answer = await client.post(ORDERS, json={"order": {"currency": "NOK", "items": None, "kind": None, "note": None}})
    assert answer.json() == {"order": {"currency": "NOK"}}


async def test_a_byte_order_mark_unknown_members_and_an_odd_content_type_are_forgiven(
    client: httpx.AsyncClient,
) -> None:
    body = b'\xef\xbb\xbf{"order": {"currency": "NOK", "x": {"y": [1.5]}}, "z": null}'
    answer = await client.post(ORDERS, content=body, headers={"content-type": "text/plain"})
    assert answer.json() == {"order": {"currency": "NOK"}}


async def test_decimals_stay_exact(client: httpx.AsyncClient) -> None:
    body = with_member("order.items.0.tax_lines", [{"amount": 1, "percentage": 0}])
    noisy = body.replace(b'"percentage": 0', b'"percentage": 12.10').replace(b": 39800", b": 39800.0")
    for sent in (body.replace(b'"percentage": 0', b'"percentage": 12.10'), noisy):
        answer = await client.post(ORDERS, content=sent)
        assert b'"percentage":12.10' in answer.content


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b" { } ", b"[ ]\n"])
async def test_an_optional_body_may_be_empty_in_every_way(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/v1/void/1", content=body)
    assert answer.status_code == 200


async def test_an_optional_body_is_still_checked(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/void/1", content=b'{"currency": 1}')
    assert answer.status_code == 400


async def test_chunked_bodies_are_read(client: httpx.AsyncClient) -> None:
    async def pieces() -> Any:
        for byte in json.dumps(GOOD).encode():
            yield bytes([byte])

    answer = await client.post(ORDERS, content=pieces(), headers={"transfer-encoding": "chunked"})
    assert answer.status_code == 200


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["items", "id", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["currency", "items", "kind", "note"]), json_values),
    st.sampled_from(["order", "other"]),
)
def test_any_json_is_either_decoded_or_refused_with_words(order: dict[str, Any], name: str) -> None:
    problems = faults_of(BodyDecoder(NewOrder), json.dumps({name: order}).encode())
    assert all(fault.message == fault.description for fault in problems)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_either_decoded_or_refused_with_words(raw: bytes) -> None:
    faults_of(BodyDecoder(NewOrder, required=False), raw)


def faults_of(decode: BodyDecoder, raw: bytes) -> tuple[Problem, ...]:
    """Nothing when the body is decoded; when it is refused, at least one fault."""
    try:
        decode(raw)
    except InvalidRequest as refusal:
        return refusal.problems or pytest.fail("a refusal without a fault")
    return ()


async def test_a_member_of_any_shape_has_a_bounded_depth(client: httpx.AsyncClient) -> None:
    for depth, status in ((40, 200), (70, 400), (900, 400)):
        metadata = b'{"a":' * depth + b"1" + b"}" * depth
        body = b'{"order": {"currency": "NOK", "metadata": ' + metadata + b"}}"
        answer = await client.post(ORDERS, content=body)
        assert answer.status_code == status


async def test_a_body_full_of_faults_is_not_read_to_its_end(client: httpx.AsyncClient) -> None:
    body = b'{"order": {"currency": "NOK", "items": [' + b",".join([b"{}"] * 200_000) + b"]}}"
    answer = await client.post(ORDERS, content=body)
    assert answer.status_code == 400
    assert len(answer.json()["error"]["errors"]) == 50


async def test_a_number_of_five_thousand_digits_is_refused(client: httpx.AsyncClient) -> None:
    body = b'{"order": {"currency": "NOK", "metadata": {"n": ' + b"9" * 5000 + b"}}}"
    assert (await client.post(ORDERS, content=body)).status_code == 400
