"""The OpenAPI 3.1 document, made from the routes and their structs: what runs is what is documented."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from kvitt.core import scopes
from kvitt.web.routes import EVENT_STREAM, JSON, Needs, Route
from kvitt.web.schemas import Schemas

Doc = dict[str, Any]

FORM = "application/x-www-form-urlencoded"

STATUSES = {
    400: "The request cannot be read, or the state does not allow it",
    401: "No token, or a bad one",
    403: "A good token that may not do this",
    404: "There is no such thing",
    405: "Not this method",
    409: "Another operation is in the way; load again and decide again",
    412: "A condition of the request does not hold",
    413: "The body is too large",
    422: "The Idempotency-Key named another request before",
    429: "Too many of these; wait as long as Retry-After says",
    500: "Something went wrong on our side; quote the request id",
    503: "Not now; the outcome may be unknown. Ask again",
}

_REQUEST_ID = {"description": "Names this request in logs and events", "schema": {"type": "string", "format": "uuid"}}
_RETRY_AFTER = {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}
_CHALLENGE = {"description": "How to identify oneself", "schema": {"type": "string"}}
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
_WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Info:
    """The document's title page."""

    title: str = "kvitt"
    version: str = metadata.version("kvitt")
    description: str = (
        "Orders and checkout. Amounts are integers in the minor unit of their currency. "
        "Every error has the same shape, whatever its status."
    )


def document(routes: Sequence[Route], info: Info, base_url: str) -> Doc:
    """The document of all routes that are not hidden."""
    shown = [route for route in routes if not route.hidden]
    schemas = Schemas(shown)
    paths: Doc = {}
    refusals = sorted({status for route in shown for status in statuses(route)})
    for route in shown:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": info.title, "version": info.version, "description": info.description},
        "servers": [{"url": base_url}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in shown)],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": {str(status): _refused(status, schemas) for status in refusals},
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


def _operation(route: Route, schemas: Schemas) -> Doc:
    operation: Doc = {
        "operationId": operation_id(route),
        "summary": route.summary,
        "description": _description(route),
        "tags": [route.tag],
        "security": _security(route),
        "responses": _responses(route, schemas),
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
    success: Doc = {"description": "Done", "headers": {"x-request-id": _REQUEST_ID}}
    if route.keyed:
        success["headers"]["Idempotent-Replayed"] = _REPLAYED
    if route.empty:
        return {"204": success, **_refusals(route)}
    if route.content_type != JSON:
        success["content"] = {route.content_type: {"schema": {"type": "string"}}}
    elif route.answers is not None:
        success["content"] = {JSON: {"schema": schemas.of(route.answers)}}
    if route.streams:
        success["content"][EVENT_STREAM] = {"schema": {"type": "string"}}
    responses: Doc = {"200": success}
    if route.accepted:
        responses["202"] = {**success, "description": route.accepted}
    return responses | _refusals(route)


def _refusals(route: Route) -> Doc:
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in statuses(route)}


def _refused(status: int, schemas: Schemas) -> Doc:
    """What every refusal of this status looks like, once for the whole document."""
    headers: Doc = {"x-request-id": _REQUEST_ID}
    if status in (409, 429, 503):
        headers["Retry-After"] = _RETRY_AFTER
    if status == 401:
        headers["WWW-Authenticate"] = _CHALLENGE
    return {
        "description": STATUSES.get(status, "Refused"),
        "headers": headers,
        "content": {JSON: {"schema": schemas.error}},
    }


def statuses(route: Route) -> list[int]:
    """Every status a refusal of this route may have: its own, and those that the kit answers by itself."""
    found = {400, 500, 503, *route.refusals}
    if isinstance(route.access, Needs):
        found |= {401, 403}
        if route.method != "GET":
            found.add(409)
    if route.keyed:
        found |= {409, 422}
    if route.method in _WITH_BODY:
        found.add(413)
    if any(segment.startswith("{") and segment != "{aid}" for segment in route.path.split("/")):
        found.add(404)
    return sorted(found)
