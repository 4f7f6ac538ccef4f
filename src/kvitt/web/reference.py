"""`/openapi.json`, and `/docs`: the same document as a page for people, from our own files alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from kvitt.web.openapi import Doc, Info, document
from kvitt.web.routes import PUBLIC, Answer, Call, Route
from kvitt.web.static import static

PAGE_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-cache",
}
HTML = "text/html; charset=utf-8"
TAG = "Reference"

Part = tuple[str, str | None]
"""Words, and the schema they link to."""


def routes(described: Sequence[Route], info: Info, base_url: str) -> list[Route]:
    """The routes that describe these routes. The document is made when it is first asked for."""

    @cache
    def made() -> Doc:
        return document(described, info, base_url)

    @cache
    def as_json() -> bytes:
        return msgspec.json.format(msgspec.json.encode(made()), indent=1)

    @cache
    def as_page() -> str:
        return render(made())

    async def openapi(call: Call[None]) -> Answer:
        return Answer(as_json(), headers={"cache-control": "no-cache"})

    async def page(call: Call[None]) -> Answer:
        return Answer(as_page(), headers=PAGE_HEADERS, content_type=HTML)

    def get(path: str, handler: Callable[[Call[None]], Any], summary: str) -> Route:
        return Route("GET", path, handler, PUBLIC, summary, TAG, hidden=True)

    return [
        get("/openapi.json", openapi, "The OpenAPI document"),
        get("/docs", page, "The reference as a page"),
        *static("/docs/static", "kvitt.web"),
    ]


def render(doc: Doc) -> str:
    """The page, with operations grouped by their tag."""
    environment = Environment(
        loader=PackageLoader("kvitt.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["words"] = words
    environment.filters["prose"] = prose
    groups = {tag["name"]: [] for tag in doc["tags"]}  # type: dict[str, list[Doc]]
    for path, methods in doc["paths"].items():
        for method, operation in methods.items():
            responses = {status: _resolved(doc, own) for status, own in operation["responses"].items()}
            shown = {**operation, "method": method.upper(), "path": path, "responses": responses}
            groups[operation["tags"][0]].append(shown)
    return environment.get_template("reference.html").render(doc=doc, groups=groups)


def _resolved(doc: Doc, response: Doc) -> Doc:
    """A response without references, with the refusals that it names."""
    if "$ref" in response:
        response = doc["components"]["responses"][response["$ref"].rpartition("/")[2]]
    media = response.get("content", {}).values()
    return {
        **response,
        "refusals": {name: doc["components"]["examples"][name] for each in media for name in each.get("examples", ())},
    }


def prose(text: str) -> Markup:
    """Plain text with `code` and blank lines between paragraphs, as HTML."""
    paragraphs = (re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(part))) for part in text.split("\n\n"))
    return Markup("".join(f"<p>{part}</p>" for part in paragraphs if part.strip()))  # noqa: S704  escaped above


def words(schema: Doc) -> list[Part]:
    """A schema in short: `array of Item`, `integer, at least 1`, `string or null`."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return [(name, name)]
    if "anyOf" in schema:
        parts: list[Part] = []
        for choice in schema["anyOf"]:
            parts += [(" or ", None)] if parts else []
            parts += words(choice)
        return parts
    if "enum" in schema:
        return [("one of " + ", ".join(map(str, schema["enum"])), None)]
    if "const" in schema:
        return [(str(schema["const"]), None)]
    kind = schema.get("type", "anything")
    if kind == "array":
        return [("array of ", None), *words(schema.get("items", {}))]
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return [("object of ", None), *words(schema["additionalProperties"])]
    return [(", ".join([str(schema.get("format", kind)), *_limits(schema)]), None)]


_LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "pattern": "matching {}",
}


def _limits(schema: Doc) -> list[str]:
    return [text.format(schema[name]) for name, text in _LIMITS.items() if name in schema]
