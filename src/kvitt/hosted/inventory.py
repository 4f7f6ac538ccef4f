"""Every script of every page here: what it is for, how large it is, and the digest that browsers hold it to.

The list that PCI DSS 6.4.3 asks for. It is read from the files themselves: a script's purpose is the first sentence
of its heading comment, and a page's scripts are the one that its template names and all that this one imports.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

from msgspec import Struct

from kvitt.hosted.assets import Assets, load_assets

_ENTRY = re.compile(r"\bscript\('([\w-]+\.js)'\)")
_HEADING = re.compile(r"(?:// .*\n)+")
_SENTENCE = re.compile(r".+?[.!?](?= |$)")


class Script(Struct, frozen=True):
    """`pages`: on which it is loaded, the payment page in all its states and frames being one. `size`: bytes, and
    `packed`: as they travel. `integrity`: as in the HTML."""

    name: str
    pages: tuple[str, ...]
    purpose: str
    size: int
    packed: int
    integrity: str


def scripts() -> tuple[Script, ...]:
    """By name. A script that no page loads has no pages."""
    assets = load_assets()
    loaded: dict[str, list[str]] = {}
    for page, entry in _entries():
        for name in (entry, *assets.imports[entry]):
            loaded.setdefault(name, [])
            if page not in loaded[name]:
                loaded[name].append(page)
    return tuple(
        Script(
            name, tuple(sorted(loaded.get(name, ()))), purpose(name, assets), len(asset.content), len(asset.packed),
            asset.integrity,
        )
        for name, asset in sorted(assets.by_name.items())
        if name.endswith(".js")
    )  # fmt: skip


def purpose(name: str, assets: Assets) -> str:
    """The first sentence of the comment at the top."""
    found = _HEADING.match(assets.by_name[name].content.decode())
    comment = "" if found is None else " ".join(line[3:] for line in found[0].splitlines())
    sentence = _SENTENCE.match(comment)
    return sentence[0] if sentence else comment


def _entries() -> Iterator[tuple[str, str]]:
    """Page and script, for each that a template begins with."""
    for template in sorted(files(__package__).joinpath("templates").iterdir(), key=lambda file: file.name):
        for entry in _ENTRY.findall(template.read_text(encoding="utf-8")):
            yield "simulated bank" if template.name == "approval.html" else "payment", entry


def document() -> str:
    """docs/page-scripts.md."""
    found = scripts()
    paying = [script for script in found if "payment" in script.pages]
    rows = [
        f"| `{script.name}` | {' and '.join(script.pages)} | {script.purpose} | {script.size} | `{script.integrity}` |"
        for script in found
    ]
    return _DOCUMENT.format(
        count=len(paying), size=f"{sum(script.packed for script in paying) / 1000:.0f}", rows="\n".join(rows)
    )


_DOCUMENT = """\
# The scripts of the payment page

What runs on the page where a card number is typed, for the inventory that PCI DSS asks for (6.4.3), and to compare
with what a browser really got (11.6.1). `kvitt page-scripts` prints this page for the version that is installed, and
`kvitt page-scripts --json` the same for programs.

The payment page loads {count} scripts, {size} KB as they travel. All are kvitt's own, from the address of the page
itself; none is third party, none is inline, and the Content-Security-Policy allows no other.

| script | on the pages | what it is for | bytes | integrity |
| --- | --- | --- | --- | --- |
{rows}

## What holds them to it

- **The page names the digest of each script**, and of its style sheet, in `integrity`: of the one that it begins with
  at its `<script>`, of those that this one imports at a `<link rel="modulepreload">` before it. A browser that knows
  these links (Chrome and Edge 66, Firefox 115, Safari 17, and later) fetches each module there, with its digest, and
  an import of the same address takes what came then: a file that was changed between kvitt and the customer, by a
  cache or a proxy, is not run, and the page says that it did not load. A test changes each of them in turn and sees
  in Chromium that no one can pay with it.
- **An older browser** does not know these links, and holds to its digest the first script alone, not what that
  imports. The Content-Security-Policy holds there too: no script from anywhere else.
- **Whoever can change the page itself can change the digests in it.** They guard against files that are changed on
  their way or where they are kept, not against a server that was taken over: compare the page with this list from
  outside for that.
- There is no import map. Its `integrity` would say the same a second time, to newer browsers only, and it must be an
  inline script.
- **While a new version is rolled out**, a page of the one and the files of the other do not fit together. Such a page
  does not run either; it asks to be loaded again.
"""
