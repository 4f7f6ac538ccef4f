"""Paths, queries, tokens, methods, headers, failures."""

from __future__ import annotations

import re

import httpx
import pytest
import structlog

from kvitt.web import PUBLIC, Answer, Asgi, Call, Route, build_app

from .conftest import ORDERS, authenticate, page

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


async def test_an_unknown_path_is_404_in_the_documented_shape(client: httpx.AsyncClient) -> None:
    for path in ("/nope", "/v1/accounts", f"{ORDERS}/", "//", "/v1/accounts/T12345678/shopping/orders/a/b/c"):
        answer = await client.get(path)
        assert answer.status_code == 404
        error = answer.json()["error"]
        assert (error["code"], error["message"]) == ("NOT_FOUND", "no such path")
        assert error["errors"] == [{"message": "no such path", "description": "no such path"}]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "FOO"])
async def test_a_wrong_method_is_405_with_allow(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.request(method, ORDERS)
    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "METHOD_NOT_ALLOWED"
    if method != "FOO":
        assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))


async def test_head_is_get_without_a_body(client: httpx.AsyncClient) -> None:
    answer = await client.head(ORDERS)
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (f"{ORDERS}/a%zz", "the path has malformed percent-encoding at byte 40"),
        (f"{ORDERS}/a%", "the path has malformed percent-encoding at byte 40"),
        (f"{ORDERS}/a%00", "the path contains a NUL character"),
        (f"{ORDERS}/a%ff", "the path is not UTF-8"),
        (f"{ORDERS}?search=%0", "the query has malformed percent-encoding at byte 7"),
        (f"{ORDERS}?search=%00", "the query contains a NUL character"),
        (f"{ORDERS}?search=%c3%28", "the query is not UTF-8"),
        (f"{ORDERS}?limit=ten", "limit: must be a whole number"),
        (f"{ORDERS}?limit=101", "limit: must be at most 100"),
        (f"{ORDERS}?limit=1&limit=2", "limit is given more than once"),
        ("/v1/accounts/X1/shopping/orders", "aid must be P or T and eight digits"),
        ("/v1/accounts/T123456789/shopping/orders", "aid must be P or T and eight digits"),
        ("/v1/accounts/T1234567%0A/shopping/orders", "aid must be P or T and eight digits"),
    ],
)
async def test_a_path_or_query_that_cannot_be_read_is_refused_in_words(app: Asgi, path: str, words: str) -> None:
    answer = await raw_get(app, path)
    assert answer == (400, words)


async def raw_get(app: Asgi, target: str) -> tuple[int, str]:
    """Sends the target exactly as written, which httpx would tidy."""
    import msgspec

    path, _, query = target.partition("?")
    messages: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        messages.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"authorization", b"Bearer all")],
    }
    await app(scope, receive, send)
    body = messages[1]["body"]
    assert isinstance(body, bytes)
    status = messages[0]["status"]
    assert isinstance(status, int)
    return status, msgspec.json.decode(body)["error"]["message"]


async def test_query_parameters_are_decoded_and_repeated_ones_make_a_list(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{ORDERS}?limit=5&include=a&include=b&search=b%C3%A5t+og&unknown=1&flag")
    assert answer.json()["query"] == {"limit": 5, "include": ["a", "b"], "search": "båt og"}


async def test_lists_with_brackets_are_lists_and_what_takes_one_value_has_none(client: httpx.AsyncClient) -> None:
    for query in ("include[]=a&include[]=b", "include%5B%5D=a&include%5B%5D=b", "include[0]=a&include[1]=b"):
        assert (await client.get(f"{ORDERS}?{query}")).json()["query"]["include"] == ["a", "b"]
    both = await client.get(f"{ORDERS}?include[]=b&include=a&limit[]=7&include[x]=c&include[")
    assert (both.json()["query"]["include"], both.json()["query"]["limit"]) == (["a", "b"], 10)


async def test_a_slash_or_percent_sign_inside_a_path_parameter_survives(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{ORDERS}/a%2Fb%25c%252Fd%C3%B8")
    assert answer.json()["params"]["order_id"] == "a/b%c%2Fdø"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "bearer",
        "Token all",
        "Bearer a b",
        "Bearer nope",
        "all",
        "Bearer \xe5",
    ],
)
async def test_a_malformed_authorization_header_is_401_with_a_challenge(client: httpx.AsyncClient, value: str) -> None:
    answer = await client.get(ORDERS, headers={"authorization": value.encode("latin-1")})  # type: ignore[dict-item]
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "UNAUTHORIZED"


async def test_no_or_two_authorization_headers_are_401(app: Asgi) -> None:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://kvitt.test") as stranger:
        assert (await stranger.get(ORDERS)).status_code == 401
        twice = [("authorization", "Bearer all"), ("authorization", "Bearer all")]
        assert (await stranger.get(ORDERS, headers=twice)).status_code == 401
        assert (await stranger.get(ORDERS, headers={"Authorization": "BEARER all"})).status_code == 200


async def test_the_token_of_another_account_is_403(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/accounts/T87654321/shopping/orders")
    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "the token is for account T12345678, not T87654321"


async def test_a_missing_scope_is_403_and_the_answer_names_those_that_would_do(client: httpx.AsyncClient) -> None:
    answer = await client.post(ORDERS, json={}, headers={"authorization": "Bearer reader"})
    assert answer.status_code == 403
    message = answer.json()["error"]["message"]
    assert message == "the token lacks a scope that allows this; any of: admin:shopping, write:shopping"


async def test_a_path_scope_opens_its_path_and_nothing_else(client: httpx.AsyncClient) -> None:
    events = {"authorization": "Bearer events"}
    assert (await client.get(f"{ORDERS}/abc/events", headers=events)).status_code == 200
    assert (await client.get(f"{ORDERS}/abc", headers=events)).status_code == 403
    assert (await client.get(ORDERS, headers=events)).status_code == 403


async def test_without_an_account_in_the_path_it_is_the_tokens(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/void/1", headers={"Dintero-Feature-Toggles": "strict-session-amounts", "x": "y"})
    seen = answer.json()
    assert seen["account_id"] == "T12345678"
    assert seen["toggles"] == {"dintero-feature-toggles": "strict-session-amounts"}


async def test_every_answer_carries_the_security_headers_and_a_request_id(client: httpx.AsyncClient) -> None:
    for path in (ORDERS, "/nope", f"{ORDERS}/a%00", "/page", "/docs", "/healthz", "/v1/fail/x"):
        answer = await client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert UUID4.match(answer.headers["x-request-id"])


async def test_answers_of_the_api_are_never_stored_and_open_to_any_page(client: httpx.AsyncClient) -> None:
    answer = await client.get(ORDERS)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET,HEAD,PUT,PATCH,POST,DELETE"
    expected = "Origin,Content-Type,Accept,Authorization,Idempotency-Key,If-Match,total-count,page-count"
    assert answer.headers["access-control-allow-headers"] == expected
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_preflight_is_answered_without_a_token(app: Asgi) -> None:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://kvitt.test") as stranger:
        answer = await stranger.options(ORDERS, headers={"origin": "https://shop.example"})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"


async def test_a_page_has_its_own_headers_and_no_cors(client: httpx.AsyncClient) -> None:
    answer = await client.get("/page")
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["content-security-policy"] == "default-src 'self'"
    assert "access-control-allow-origin" not in answer.headers


async def test_an_unforeseen_failure_is_500_without_a_trace_and_logged_with_its_request_id(
    client: httpx.AsyncClient,
) -> None:
    with structlog.testing.capture_logs() as logs:
        answer = await client.get("/v1/fail/boom")
    assert answer.status_code == 500
    error = answer.json()["error"]
    assert error["code"] == "INTERNAL_ERROR"
    assert [each["message"] for each in error["errors"]] == [error["message"]]
    assert "exploded" not in answer.text
    assert logs[0]["request_id"] == answer.headers["x-request-id"]
    assert "RuntimeError" in logs[0]["exception"]


async def test_a_header_value_with_a_line_break_never_goes_out(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/fail/split")
    assert answer.status_code == 500
    assert "location" not in answer.headers


async def test_a_lost_race_is_409_and_an_unreachable_database_503(client: httpx.AsyncClient) -> None:
    conflict = await client.get("/v1/fail/conflict")
    assert (conflict.status_code, conflict.json()["error"]["code"]) == (409, "CONFLICT")
    unavailable = await client.get("/v1/fail/unavailable")
    assert (unavailable.status_code, unavailable.json()["error"]["code"]) == (503, "UNAVAILABLE")
    assert unavailable.headers["retry-after"] == "1"


async def test_a_refusal_keeps_its_code_places_and_details(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/fail/refused")
    assert answer.status_code == 400
    assert answer.json()["error"] == {
        "code": "AMOUNT_EXCEEDS_REMAINING",
        "message": "too much",
        "errors": [
            {
                "message": "amount is more than 100",
                "path": "items.0.amount",
                "description": "amount is more than 100",
                "details": {"remaining": 100},
            }
        ],
    }


def test_two_routes_for_one_method_and_path_are_refused_even_with_other_names() -> None:
    first = Route("GET", "/a/{x}", page, PUBLIC, "A", "T")
    second = Route("GET", "/a/{y}", page, PUBLIC, "B", "T")
    with pytest.raises(ValueError, match="two routes"):
        build_app([first, second], authenticate=authenticate, base_url="http://kvitt.test")


async def test_over_tls_browsers_are_told_to_stay_there() -> None:
    async def hello(call: Call[None]) -> Answer:
        return Answer("hei", content_type="text/plain")

    app = build_app(
        [Route("GET", "/", hello, PUBLIC, "A", "T")], authenticate=authenticate, base_url="https://pay.example"
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://pay.example") as client:
        assert (await client.get("/")).headers["strict-transport-security"] == "max-age=31536000"
