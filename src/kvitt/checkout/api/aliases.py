"""The same routes once more below `/v1/accounts/{aid}/payments`, where newer clients look for them.

Made from the routes themselves, so that none is forgotten: whatever asks for a scope of the checkout and does not name
its account in the path is there too. The path's account has to be the token's, which is the web kit's rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kvitt.web import Needs, Route

ROOT = "/v1/accounts/{aid}/payments"


def with_aliases(routes: Sequence[Route]) -> list[Route]:
    """The routes, each that has an alias saying so, and the aliases, which the OpenAPI document leaves out."""
    return [route for given in routes for route in ((_told(given), _alias(given)) if _has_one(given) else (given,))]


def _has_one(route: Route) -> bool:
    access = route.access
    return isinstance(access, Needs) and access.service == "checkout" and not route.path.startswith("/v1/accounts/")


def _below(route: Route) -> str:
    return route.path.removeprefix("/v1")


def _told(route: Route) -> Route:
    also = f"Also at `{ROOT}{_below(route)}`."
    return replace(route, description=f"{route.description}\n\n{also}" if route.description else also)


def _alias(route: Route) -> Route:
    """A path scope is held against the path it was written for."""
    assert isinstance(route.access, Needs)  # noqa: S101  _has_one says so
    access = replace(route.access, path=route.access.path or _below(route))
    return replace(route, path=f"{ROOT}{_below(route)}", access=access, hidden=True)
