"""The document of the real server, with every feature in it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import httpx
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

import kvitt
from kvitt.core.errors import Refusal


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
    for name in document["components"]["examples"]:
        assert f"<code>{name}</code>" in page


def below(refusal: type[Refusal]) -> Iterator[type[Refusal]]:
    for kind in refusal.__subclasses__():
        if kind.__module__.startswith("kvitt."):
            yield kind
            yield from below(kind)


async def test_every_refusal_has_a_name_in_the_document_and_a_meaning_of_its_own(http: httpx.AsyncClient) -> None:
    """Those that others are made from may stand for them alone; how a route keeps to its names, conftest.py holds."""
    for module in pkgutil.walk_packages(kvitt.__path__, "kvitt."):
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            importlib.import_module(module.name)
    document = (await http.get("/openapi.json")).json()
    named = document["components"]["examples"]
    shown = {
        name
        for methods in document["paths"].values()
        for operation in methods.values()
        for response in operation["responses"].values()
        for media in resolved(document, response).get("content", {}).values()
        for name in media.get("examples", ())
    } | {"MethodNotAllowed"}  # no operation answers it: it is what there is where there is none
    assert set(named) == shown
    refusals = set(below(Refusal))
    assert len(refusals) > 40
    for refusal in refusals:
        name = refusal.__name__
        hidden = refusal.__module__.startswith("kvitt.hosted")  # pages are not in the document
        assert name in named or any(below(refusal)) or hidden, f"no route names {name}"
        assert refusal.__dict__.get("__doc__"), f"{name} has no docstring of its own"
        if name in named:
            assert named[name]["value"]["error"]["code"] == refusal.code
            assert named[name]["summary"].endswith(".")
            assert "  " not in named[name]["summary"]


def resolved(document: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return response
