"""The OpenAPI 3.1 document, made from the routes and their structs: what runs is what is documented."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from kvitt.core import scopes
from kvitt.web.refusal_docs import REQUEST_ID, Refusals
from kvitt.web.routes import EVENT_STREAM, JSON, Needs, Route
from kvitt.web.schemas import Schemas

Doc = dict[str, Any]

FORM = "application/x-www-form-urlencoded"

_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "Names this request, so that it may be sent again: the first answer is given again, with the header "
        "`Idempotent-Replayed: true`, and nothing happens twice. Use a new random one (a UUID) for each thing to do."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": 'The version that was read, as in `"3"`; refused with 409 when it is not the latest',
    "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[1-9][0-9]{0,8}"|[1-9][0-9]{0,8})$'},
}
_REPLAYED = {
    "description": "This is the first answer to a request that was sent again",
    "schema": {"type": "string", "enum": ["true"]},
}
_LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "With `Accept: text/event-stream`: the `id` of the last event that arrived. Wins over `after`.",
    "schema": {"type": "string"},
}


@dataclass(frozen=True)
class Info:
    """The document's title page."""

    title: str = "kvitt"
    version: str = metadata.version("kvitt")
    description: str = (
        "Orders and checkout. Amounts are integers in the minor unit of their currency. "
        "Every error has the same shape, whatever its status; each kind of refusal is named under its status. A path "
        "that does not take a method answers 405, one that is not there 404."
    )


def document(routes: Sequence[Route], info: Info, base_url: str) -> Doc:
    """The document of all routes that are not hidden."""
    shown = [route for route in routes if not route.hidden]
    schemas = Schemas(shown)
    paths: Doc = {}
    refusals = Refusals(shown, schemas.error)
    for route in shown:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas, refusals)
    return {
        "openapi": "3.1.0",
        "info": {"title": info.title, "version": info.version, "description": info.description},
        "servers": [{"url": base_url}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in shown)],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": refusals.responses,
            "examples": refusals.examples,
            "securitySchemes": _SECURITY,
        },
    }


_SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token. Any one of the scopes in an operation's `x-scopes` opens it.",
    },
    "basic": {"type": "http", "scheme": "basic", "description": "client_id and client_secret of an API client."},
}


def _operation(route: Route, schemas: Schemas, refusals: Refusals) -> Doc:
    operation: Doc = {
        "operationId": operation_id(route),
        "summary": route.summary,
        "description": _description(route),
        "tags": [route.tag],
        "security": _security(route),
        "responses": _responses(route, schemas) | refusals.of(route),
    }
    parameters = [*_path_parameters(route.path), *schemas.query_parameters(route.query)]
    if route.keyed:
        parameters.append(_KEY)
    if route.versioned:
        parameters.append(_IF_MATCH)
    if route.streams:
        parameters.append(_LAST_EVENT_ID)
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        content = {JSON: {"schema": schemas.of(route.body)}}
        if route.form:
            content[FORM] = {"schema": schemas.of(route.body)}
        operation["requestBody"] = {"required": route.body_required, "content": content}
    if isinstance(route.access, Needs):
        operation["x-scopes"] = sorted(scopes.accepted(route.access.service, route.access.verb, route.access.also))
    return operation


def operation_id(route: Route) -> str:
    """Unique, because method and path are: `get_accounts_aid_shopping_orders_order_id`."""
    path = route.path.removeprefix("/v1").replace("{", "").replace("}", "")
    words = "".join(c if c.isalnum() else "_" for c in path)
    return f"{route.method.lower()}{words or '_root'}"


def _description(route: Route) -> str:
    parts = [route.description] if route.description else []
    if isinstance(route.access, Needs):
        names = sorted(scopes.accepted(route.access.service, route.access.verb, route.access.also))
        parts.append(f"Scopes, any of: {', '.join(f'`{name}`' for name in names)}.")
    return "\n\n".join(parts)


def _security(route: Route) -> list[Doc]:
    if isinstance(route.access, Needs):
        return [{"bearer": []}]
    return [{"basic": []}] if route.challenge.startswith("Basic") else []


def _path_parameters(path: str) -> Iterable[Doc]:
    for segment in path.split("/"):
        if not segment.startswith("{"):
            continue
        name = segment[1:-1]
        schema: Doc = {"type": "string", "minLength": 1}
        if name == "aid":
            schema = {"type": "string", "pattern": "^[PT][0-9]{8}$", "examples": ["T12345678"]}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _responses(route: Route, schemas: Schemas) -> Doc:
    success: Doc = {"description": "Done", "headers": {"x-request-id": REQUEST_ID}}
    if route.keyed:
        success["headers"]["Idempotent-Replayed"] = _REPLAYED
    if route.empty:
        return {"204": success}
    if route.content_type != JSON:
        success["content"] = {route.content_type: {"schema": {"type": "string"}}}
    elif route.answers is not None:
        success["content"] = {JSON: {"schema": schemas.of(route.answers)}}
    if route.streams:
        success["content"][EVENT_STREAM] = {"schema": {"type": "string"}}
    responses: Doc = {"200": success}
    if route.accepted:
        responses["202"] = {**success, "description": route.accepted}
    return responses
