"""JSON Schemas of the structs that routes name, for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from kvitt.core.reply import Error
from kvitt.web.routes import Route

Doc = dict[str, Any]

_REFERENCE = "#/components/schemas/{name}"


class Schemas:
    """Components for all types of some routes. Structs of one name in two features have the feature before it."""

    def __init__(self, routes: Sequence[Route]) -> None:
        types = {id(found): found for route in routes for found in (route.body, route.answers) if found is not None}
        queries = {id(route.query): route.query for route in routes if route.query is not None}
        given = [*types.values(), Error, *queries.values()]
        schemas, components = msgspec.json.schema_components(given, ref_template=_REFERENCE)
        schemas, components = _renamed((schemas, components), _short_names(components))
        self._by_type = dict(zip(map(id, given), map(_polished, schemas), strict=True))
        self._all = {name: _polished({**schema, "title": name}) for name, schema in components.items()}
        self.error: Doc = self._by_type[id(Error)]
        only_queries = {self._name(query) for query in queries.values()} - _referenced(self._all, schemas[: len(types)])
        self.components = {name: schema for name, schema in self._all.items() if name not in only_queries}

    def of(self, type: Any) -> Doc:
        """The schema of a route's type: mostly a reference."""
        schema: Doc = self._by_type[id(type)]
        return schema

    def query_parameters(self, query: type[msgspec.Struct] | None) -> Iterable[Doc]:
        """The members of a query struct, as parameters."""
        if query is None:
            return
        schema = self._all[self._name(query)]
        for name, member in schema.get("properties", {}).items():
            parameter: Doc = {"name": name, "in": "query", "required": name in schema.get("required", ())}
            if "description" in member:
                parameter["description"] = member["description"]
            yield {**parameter, "schema": _without_null(member)}

    def _name(self, type: Any) -> str:
        reference: str = self._by_type[id(type)]["$ref"]
        return reference.rpartition("/")[2]


def _short_names(names: Iterable[str]) -> dict[str, str]:
    """Components by their names without dots: generators of clients make classes of them, and most stop at a dot.

    `kvitt.orders.model.parties.Customer` becomes `OrdersCustomer`, or `OrdersPartiesCustomer` where that is taken.
    """
    short: dict[str, str] = {}
    for full in sorted(name for name in names if "." in name):
        _, feature, *_, module, name = full.split(".")
        candidates = (f"{feature.title()}{name}", f"{feature.title()}{module.title()}{name}")
        short[full] = next(each for each in candidates if each not in (*names, *short.values()))
    return short


def _renamed(schema: Any, names: dict[str, str]) -> Any:
    """The same with other names for components, where they are and where they are referred to."""
    if isinstance(schema, dict):
        return {
            names.get(key, key): _reference(value, names) if key == "$ref" else _renamed(value, names)
            for key, value in schema.items()
        }
    if isinstance(schema, list | tuple):
        return [_renamed(item, names) for item in schema]
    return schema


def _reference(to: str, names: dict[str, str]) -> str:
    place, slash, name = to.rpartition("/")
    return f"{place}{slash}{names.get(name, name)}"


def _referenced(*places: Any) -> set[str]:
    """The names of all components that something in these refers to."""
    found: set[str] = set()
    for place in places:
        if isinstance(place, dict):
            reference = place.get("$ref")
            if isinstance(reference, str):
                found.add(reference.rpartition("/")[2])
            found |= _referenced(*place.values())
        elif isinstance(place, list | tuple):
            found |= _referenced(*place)
    return found


def _polished(schema: Any) -> Any:
    """msgspec's schema in the words of the wire: decimals are numbers there, and patterns are ECMAScript's."""
    if isinstance(schema, list):
        return [_polished(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    polished = {key: _polished(value) for key, value in schema.items()}
    if polished.get("format") == "decimal" and polished.get("type") == "string":
        del polished["format"]
        polished["type"] = "number"
    if isinstance(polished.get("pattern"), str):
        polished["pattern"] = polished["pattern"].replace("\\Z", "$").replace("\\A", "^")
    return polished


def _without_null(member: Doc) -> Doc:
    """A query has no null: a parameter that may be left out is not one that may be null."""
    schema = {key: value for key, value in member.items() if key != "description"}
    if schema.get("default", 0) is None:
        del schema["default"]
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if choices and len(choices) < len(schema["anyOf"]):
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        return {**choices[0], **rest} if len(choices) == 1 else {**rest, "anyOf": choices}
    return schema
