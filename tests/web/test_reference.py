"""The OpenAPI document, the page made of it, the packaged files, health and figures."""

from __future__ import annotations

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from kvitt.web import build_app

from .conftest import ORDERS, authenticate, routes


async def test_the_document_is_valid_openapi_3_1(client: httpx.AsyncClient) -> None:
    answer = await client.get("/openapi.json")
    assert answer.headers["content-type"].startswith("application/json")
    validate(answer.json(), cls=OpenAPIV31SpecValidator)


async def test_the_document_tells_what_each_operation_needs_and_answers(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    create = document["paths"]["/v1/accounts/{aid}/shopping/orders"]["post"]
    assert create["security"] == [{"bearer": []}]
    assert create["x-scopes"] == ["admin:shopping", "write:shopping"]
    assert "`write:shopping`" in create["description"]
    assert create["requestBody"]["required"] is True
    assert set(create["responses"]) == {"200", "400", "401", "403", "409", "413", "422", "500", "503"}
    assert create["parameters"][0]["schema"]["pattern"] == "^[PT][0-9]{8}$"
    refused = document["components"]["responses"]["401"]
    assert refused["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}
    assert set(refused["headers"]) == {"x-request-id", "WWW-Authenticate"}


async def test_query_parameters_are_described_one_by_one(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    listing = document["paths"]["/v1/accounts/{aid}/shopping/orders"]["get"]
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
    for words in ("Create", "Events", "/v1/void/{id}", "admin:shopping", "schema-NewOrder", "An order to make."):
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
