"""The files the page is made of, read once. Their address carries a digest of them all, so browsers keep them for good.

Modules import each other by relative names, so one folder name renews them together. The style sheet is put together
here from its parts: a browser asks for one file, and a person reads many. A folder that is not ours (a
page that an older version rendered) is answered with today's file, kept by nobody.

Each file has its digest in the page's own HTML too (`integrity`): what came changed on its way is not run.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from gzip import compress
from hashlib import sha256, sha384
from importlib.resources import files

from markupsafe import Markup

_STYLES = (
    "base", "frame", "summary", "form", "methods", "approval",
    "consents", "express", "notices", "outcome", "foot", "screens", "embed",
)  # fmt: skip
"""The parts of page.css, in the order in which the later ones override."""

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_IMPORT = re.compile(r'"\./([\w-]+\.js)"')


@dataclass(frozen=True)
class Asset:
    content: bytes
    content_type: str

    @cached_property
    def integrity(self) -> str:
        return f"sha384-{b64encode(sha384(self.content).digest()).decode()}"

    @cached_property
    def packed(self) -> bytes:
        """For whoever takes gzip."""
        return compress(self.content, 9, mtime=0)


@dataclass(frozen=True)
class Assets:
    """`version`: the name of the folder they are served under. `imports`: what a script needs beside itself."""

    version: str
    by_name: dict[str, Asset]
    imports: dict[str, tuple[str, ...]]
    _scripts: dict[tuple[str, str], Markup] = field(default_factory=dict, compare=False)

    def integrity(self, name: str) -> str:
        return self.by_name[name].integrity

    def script(self, entry: str, static: str) -> Markup:
        """The tags of a page's script, and before it of all that it imports: each is asked for with its digest.

        An import takes what the link before it brought, so a module that was changed on its way is not run.
        """
        kept = (entry, static)
        if kept not in self._scripts:
            self._scripts[kept] = Markup("").join(self._tags(entry, static))
        return self._scripts[kept]

    def _tags(self, entry: str, static: str) -> Iterator[Markup]:
        preload = Markup('<link rel="modulepreload" href="{}/{}" integrity="{}">\n')
        for name in self.imports[entry]:
            yield preload.format(static, name, self.integrity(name))
        yield Markup('<script type="module" src="{}/{}" integrity="{}"></script>').format(
            static, entry, self.integrity(entry)
        )


@lru_cache(maxsize=1)
def load_assets() -> Assets:
    folder = files(__package__).joinpath("static")
    styles = [folder.joinpath("styles", f"{name}.css").read_bytes() for name in _STYLES]
    found = {"page.css": Asset(b"\n".join(styles), _TYPES[".css"])}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        content_type = _TYPES.get("." + file.name.rpartition(".")[2])
        if content_type:
            found[file.name] = Asset(file.read_bytes(), content_type)
    digest = sha256(b"".join(name.encode() + b"\0" + asset.content for name, asset in found.items()))
    imports = {name: _imports(name, found) for name in found if name.endswith(".js")}
    return Assets(digest.hexdigest()[:12], found, imports)


def _imports(entry: str, by_name: dict[str, Asset]) -> tuple[str, ...]:
    """All modules that are loaded with the script, those that it names itself first."""
    found = [entry]
    for name in found:  # it grows meanwhile
        for other in _IMPORT.findall(by_name[name].content.decode()):
            if other not in found:
                found.append(other)
    return tuple(found[1:])
