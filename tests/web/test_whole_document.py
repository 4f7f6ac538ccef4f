"""The document of the real server, with every feature in it."""

from __future__ import annotations

import httpx
from openapi_spec_validator import OpenAPIV31SpecValidator, validate


async def test_the_whole_document_is_valid_and_complete(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    validate(document, cls=OpenAPIV31SpecValidator)
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    assert len(operations) > 20
    for operation in operations:
        assert operation["summary"]
        assert not {"200", "204"}.isdisjoint(operation["responses"])
        assert {"400", "500"} <= set(operation["responses"])
        if operation["security"] == [{"bearer": []}]:
            assert operation["x-scopes"]
            assert {"401", "403"} <= set(operation["responses"])


async def test_the_page_shows_the_whole_document(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    page = (await http.get("/docs")).text
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page
    for name in document["components"]["schemas"]:
        assert f'id="schema-{name}"' in page
