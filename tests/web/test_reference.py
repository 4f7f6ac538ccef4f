"""The OpenAPI document, the page made of it, the packaged files, health and figures."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from kvitt.core.errors import AmountExceedsRemaining, Conflicting, Refusal
from kvitt.web import Info, build_app
from kvitt.web.openapi import document

from .conftest import ORDERS, authenticate, routes


async def test_the_document_is_valid_openapi_3_1(client: httpx.AsyncClient) -> None:
    answer = await client.get("/openapi.json")
    assert answer.headers["content-type"].startswith("application/json")
    validate(answer.json(), cls=OpenAPIV31SpecValidator)


async def test_the_document_tells_what_each_operation_needs_and_answers(client: httpx.AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()
    create = described["paths"]["/v1/accounts/{aid}/shopping/orders"]["post"]
    assert create["security"] == [{"bearer": []}]
    assert create["x-scopes"] == ["admin:shopping", "write:shopping"]
    assert "`write:shopping`" in create["description"]
    assert create["requestBody"]["required"] is True
    assert set(create["responses"]) == {"200", "400", "401", "403", "409", "413", "422", "500", "503"}
    assert create["parameters"][0]["schema"]["pattern"] == "^[PT][0-9]{8}$"


async def test_refusals_are_named_under_their_status_with_an_example_each(client: httpx.AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()
    failing = described["paths"]["/v1/fail/{reason}"]["get"]["responses"]["400"]
    assert failing["description"].splitlines() == [
        "- `InvalidRequest`: The body, the path, the query or a header cannot be read; every fault that was found is "
        "named.",
        "- `AmountExceedsRemaining`: The amount is more than what is left.",
    ]
    media = failing["content"]["application/json"]
    assert media["schema"] == {"$ref": "#/components/schemas/Error"}
    assert media["examples"]["AmountExceedsRemaining"] == {"$ref": "#/components/examples/AmountExceedsRemaining"}
    example = described["components"]["examples"]["AmountExceedsRemaining"]
    assert example["summary"] == "The amount is more than what is left."
    error = example["value"]["error"]
    assert (error["code"], error["message"]) == ("AMOUNT_EXCEEDS_REMAINING", "The amount is more than what is left")
    assert error["errors"][0]["description"] == error["message"]


async def test_what_the_kit_alone_refuses_is_told_once_for_all_routes(client: httpx.AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()
    shared = described["components"]["responses"]
    create = described["paths"]["/v1/accounts/{aid}/shopping/orders"]["post"]["responses"]
    assert create["401"] == {"$ref": "#/components/responses/Unauthorized"}
    assert set(shared["Unauthorized"]["headers"]) == {"x-request-id", "WWW-Authenticate"}
    assert create["409"] == {"$ref": "#/components/responses/Conflicting.RequestUnderWay"}
    assert set(shared["Conflicting.RequestUnderWay"]["headers"]) == {"x-request-id", "Retry-After"}
    assert {"InvalidRequest", "NotFound", "MethodNotAllowed"} <= set(shared)


def test_two_refusals_of_one_name_are_refused_when_the_document_is_made() -> None:
    again = type("NotFound", (Refusal,), {"__doc__": "Another thing that is not there."})
    confused = replace(routes()[0], refusals=(again,))
    with pytest.raises(ValueError, match="two refusals are called NotFound"):
        document([confused], Info(), "http://kvitt.test")


async def test_a_refusal_that_its_route_does_not_name_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests live on this: tests/conftest.py fails by what comes here."""
    noticed: list[tuple[type[Refusal], str, str]] = []
    monkeypatch.setattr(
        "kvitt.web.refusals.unnamed",
        lambda refusal, method, route: noticed.append((type(refusal), method, route)),
    )
    silent = [replace(route, refusals=()) for route in routes()]
    app = build_app(silent, authenticate=authenticate, base_url="http://kvitt.test")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kvitt.test") as client:
        assert (await client.get("/v1/fail/refused")).status_code == 400
        assert (await client.get("/v1/fail/conflict")).status_code == 409
        assert (await client.get("/v1/fail/unavailable")).status_code == 503
    assert noticed == [
        (AmountExceedsRemaining, "GET", "/v1/fail/{reason}"),
        (Conflicting, "GET", "/v1/fail/{reason}"),
    ]


async def test_query_parameters_are_described_one_by_one(client: httpx.AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()
    listing = described["paths"]["/v1/accounts/{aid}/shopping/orders"]["get"]
    by_name = {parameter["name"]: parameter for parameter in listing["parameters"]}
    assert by_name["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 10}
    assert by_name["search"]["schema"] == {"type": "string"}
    assert by_name["include"]["schema"]["type"] == "array"
    assert not any(by_name[name]["required"] for name in ("limit", "search", "include"))


async def test_decimals_are_numbers_and_patterns_are_ecmascript(client: httpx.AsyncClient) -> None:
    schemas = (await client.get("/openapi.json")).json()["components"]["schemas"]
    assert {"type": "number"} in schemas["TaxLine"]["properties"]["percentage"]["anyOf"]
    assert schemas["Order"]["properties"]["currency"]["pattern"] == "^[A-Z]{3}$"


async def test_hidden_routes_are_not_described(client: httpx.AsyncClient) -> None:
    assert not {"/page", "/docs", "/metrics"} & set((await client.get("/openapi.json")).json()["paths"])


async def test_operation_ids_are_unique(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    ids = [operation["operationId"] for methods in paths.values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


async def test_the_page_shows_every_operation_and_asks_nobody_else_for_anything(client: httpx.AsyncClient) -> None:
    answer = await client.get("/docs")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    for words in (
        "Create",
        "Events",
        "/v1/void/{id}",
        "admin:shopping",
        "schema-NewOrder",
        "An order to make.",
        "AmountExceedsRemaining",
    ):
        assert words in answer.text
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    assert "<style" not in answer.text
    for file in ("/docs/static/reference.css", "/docs/static/reference.js"):
        assert file in answer.text
        assert (await client.get(file)).status_code == 200


async def test_packaged_files_are_cached_by_etag(client: httpx.AsyncClient) -> None:
    first = await client.get("/docs/static/reference.css")
    assert first.headers["content-type"] == "text/css; charset=utf-8"
    assert first.headers["cache-control"] == "public, max-age=3600"
    again = await client.get("/docs/static/reference.css", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "%2e%2e%2fapp.py", "/etc/passwd", ""])
async def test_no_name_leads_out_of_the_packaged_files(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/docs/static/{name}")).status_code == 404


async def test_liveness_needs_no_database_and_readiness_does() -> None:
    reachable = True

    async def ready() -> bool:
        if not reachable:
            raise ConnectionError
        return True

    app = build_app(routes(), authenticate=authenticate, base_url="http://kvitt.test", ready=ready)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kvitt.test") as client:
        assert (await client.get("/readyz")).status_code == 200
        reachable = False
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_requests_are_counted_and_timed_by_route_and_status(client: httpx.AsyncClient) -> None:
    await client.get(ORDERS)
    await client.get(f"{ORDERS}/1")
    await client.get(f"{ORDERS}/2")
    await client.get(ORDERS, headers={"authorization": "x"})
    await client.get("/nope")
    text = (await client.get("/metrics")).text
    base = "/v1/accounts/{aid}/shopping/orders"
    assert f'kvitt_http_requests_total{{method="GET",route="{base}",status="200"}} 1.0' in text
    assert f'kvitt_http_requests_total{{method="GET",route="{base}",status="401"}} 1.0' in text
    assert f'kvitt_http_requests_total{{method="GET",route="{base}/{{order_id}}",status="200"}} 2.0' in text
    assert 'kvitt_http_requests_total{method="",route="",status="404"} 1.0' in text
    assert f'kvitt_http_request_seconds_count{{method="GET",route="{base}/{{order_id}}"}} 2.0' in text
    assert "process_cpu_seconds_total" in text
