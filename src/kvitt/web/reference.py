from __future__ import annotations

from collections.abc import Sequence

from kvitt.web.openapi import Info
from kvitt.web.routes import Route


def routes(routes: Sequence[Route], info: Info, base_url: str) -> list[Route]:
    return []
