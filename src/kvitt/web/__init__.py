"""The HTTP kit: body to struct, error to answer, access, OpenAPI, security headers. It knows no feature."""

from kvitt.web.app import Asgi, build_app
from kvitt.web.decoding import parse
from kvitt.web.openapi import Info
from kvitt.web.routes import CSV, EVENT_STREAM, JSON_LINES, PUBLIC, Answer, Call, Caller, Needs, Public, Route
from kvitt.web.static import static
from kvitt.web.versions import expected_version

__all__ = [
    "CSV",
    "EVENT_STREAM",
    "JSON_LINES",
    "PUBLIC",
    "Answer",
    "Asgi",
    "Call",
    "Caller",
    "Info",
    "Needs",
    "Public",
    "Route",
    "build_app",
    "expected_version",
    "parse",
    "static",
]
