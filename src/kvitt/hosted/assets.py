"""The files the page is made of, read once. Their address carries a digest of them all, so browsers keep them for good.

Modules import each other by relative names, so one folder name renews them together. The style sheet is put together
here from its parts: a browser asks for one file, and a person reads many. A folder that is not ours (a
page that an older version rendered) is answered with today's file, kept by nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

_ENTRIES = frozenset(("page.js", "approval.js"))
"""What pages begin with; all else is imported by one of them."""

_STYLES = ("base", "frame", "summary", "form", "methods", "approval", "outcome", "foot", "screens")
"""The parts of page.css, in the order in which the later ones override."""

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Asset:
    content: bytes
    content_type: str


@dataclass(frozen=True)
class Assets:
    """`version`: the name of the folder they are served under. `modules`: what page.js imports."""

    version: str
    by_name: dict[str, Asset]
    modules: tuple[str, ...]


def load_assets() -> Assets:
    folder = files(__package__).joinpath("static")
    styles = [folder.joinpath("styles", f"{name}.css").read_bytes() for name in _STYLES]
    found = {"page.css": Asset(b"\n".join(styles), _TYPES[".css"])}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        content_type = _TYPES.get("." + file.name.rpartition(".")[2])
        if content_type:
            found[file.name] = Asset(file.read_bytes(), content_type)
    digest = sha256(b"".join(name.encode() + b"\0" + asset.content for name, asset in found.items()))
    modules = tuple(name for name in found if name.endswith(".js") and name not in _ENTRIES)
    return Assets(digest.hexdigest()[:12], found, modules)
