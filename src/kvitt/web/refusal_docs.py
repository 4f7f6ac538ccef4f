"""The refusals in the OpenAPI document: under each status those that may come, by name, each with an example."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kvitt.core.errors import Refusal, RequestUnderWay, TooManyRequests, Unauthorized, Unavailable
from kvitt.web.named import NO_ROUTE, example, kit_refusals, meaning, named_refusals
from kvitt.web.routes import JSON, Route

Doc = dict[str, Any]
Named = tuple[type[Refusal], ...]

REQUEST_ID: Doc = {
    "description": "Names this request in logs and events",
    "schema": {"type": "string", "format": "uuid"},
}
_RETRY_AFTER: Doc = {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}
_CHALLENGE: Doc = {"description": "How to identify oneself", "schema": {"type": "string"}}


class Refusals:
    """`examples` and `responses` are components: every named refusal, and the answers that many routes share.

    ValueError when two refusals have one name: a reader could not tell them apart.
    """

    def __init__(self, routes: Sequence[Route], schema: Doc) -> None:
        self._schema = schema
        self.examples: Doc = {}
        self.responses: Doc = {}
        found: set[type[Refusal]] = {*NO_ROUTE}.union(*map(named_refusals, routes))
        for refusal in sorted(found, key=lambda refusal: (refusal.status, refusal.__name__)):
            if refusal.__name__ in self.examples:
                raise ValueError(f"two refusals are called {refusal.__name__}")
            self.examples[refusal.__name__] = {
                "summary": meaning(refusal),
                "value": example(refusal),
                "x-status": refusal.status,
            }
        for refusal in NO_ROUTE:
            self._shared((refusal,))

    def of(self, route: Route) -> Doc:
        """The refusals of a route by their status. Those that the kit alone brings are told once for all routes."""
        from_kit = _by_status(kit_refusals(route))
        return {
            str(status): self._shared(named) if named == from_kit.get(status) else self._response(named)
            for status, named in sorted(_by_status(named_refusals(route)).items())
        }

    def _shared(self, named: Named) -> Doc:
        name = ".".join(refusal.__name__ for refusal in named)
        if name not in self.responses:
            self.responses[name] = self._response(named)
        return {"$ref": f"#/components/responses/{name}"}

    def _response(self, named: Named) -> Doc:
        headers: Doc = {"x-request-id": REQUEST_ID}
        if any(issubclass(refusal, TooManyRequests | RequestUnderWay | Unavailable) for refusal in named):
            headers["Retry-After"] = _RETRY_AFTER
        if any(issubclass(refusal, Unauthorized) for refusal in named):
            headers["WWW-Authenticate"] = _CHALLENGE
        examples = {refusal.__name__: {"$ref": f"#/components/examples/{refusal.__name__}"} for refusal in named}
        return {
            "description": "\n".join(f"- `{refusal.__name__}`: {meaning(refusal)}" for refusal in named),
            "headers": headers,
            "content": {JSON: {"schema": self._schema, "examples": examples}},
        }


def _by_status(named: Iterable[type[Refusal]]) -> dict[int, Named]:
    found: dict[int, Named] = {}
    for refusal in named:
        found[refusal.status] = (*found.get(refusal.status, ()), refusal)
    return found
