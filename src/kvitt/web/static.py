"""Files that come with the package: read once, served from memory, one route each.

There is no path to traverse: a name that was not packaged has no route.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable

from kvitt.web.routes import PUBLIC, Answer, Call, Route

_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "ico": "image/x-icon",
    "jpg": "image/jpeg",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "map": "application/json",
    "mjs": "text/javascript; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff2": "font/woff2",
}
_SKIPPED = frozenset(("py", "pyc"))


def static(path_prefix: str, package: str, folder: str = "static", *, max_age: int = 3600) -> list[Route]:
    """A route for each file in `folder` of `package`, below `path_prefix`.

    Browsers keep them for `max_age` seconds and then ask again by etag.
    """
    root = resources.files(package).joinpath(folder)
    return [_route(f"{path_prefix.rstrip('/')}/{name}", file, max_age) for name, file in _walk(root, "")]


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _walk(entry, f"{prefix}{entry.name}/")
        elif not entry.name.startswith(".") and entry.name.rpartition(".")[2] not in _SKIPPED:
            yield f"{prefix}{entry.name}", entry


def _route(path: str, file: Traversable, max_age: int) -> Route:
    data = file.read_bytes()
    etag = f'"{hashlib.sha256(data).hexdigest()[:24]}"'
    content_type = _TYPES.get(path.rpartition(".")[2].lower(), "application/octet-stream")
    headers = {"etag": etag, "cache-control": f"public, max-age={max_age}"}
    whole = Answer(data, headers=headers, content_type=content_type)
    unchanged = Answer(None, 304, headers, content_type)

    async def serve(call: Call[None]) -> Answer:
        asked = call.header("if-none-match")
        return unchanged if asked is not None and (asked.strip() == "*" or etag in asked) else whole

    return Route("GET", path, serve, PUBLIC, f"The file {path}", "Files", content_type=content_type, hidden=True)
