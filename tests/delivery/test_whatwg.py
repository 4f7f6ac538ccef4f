"""The text that is signed, against the JavaScript that shops check it with: `URL` and `URLSearchParams`.

Where node is there it is asked; `whatwg.json` holds what node 20 said of some URLs, for where it is not.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kvitt.checkout.rules.urls import callback_target
from kvitt.delivery.rules.signature import normalised, sign, signed_text

NODE = shutil.which("node")
VECTORS = json.loads((Path(__file__).parent / "whatwg.json").read_text())

READ = """
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
const read = (text) => {
  const url = new URL(text);
  url.searchParams.sort();
  return [new URL(text).href, url.hostname, url.pathname, url.searchParams.toString()];
};
console.log(JSON.stringify(asked.map(read)));
"""
CHECK = """
const { createHmac } = require("crypto");
const [secret, account, method, text, time] = JSON.parse(require("fs").readFileSync(0, "utf8"));
const url = new URL(text);
url.searchParams.sort();
const signed = [time, account, method, url.hostname, url.pathname, url.searchParams.toString()].join("\\n");
console.log(JSON.stringify(createHmac("sha256", secret).update(signed).digest("hex")));
"""

_PIECES = st.sampled_from(
    [*"abzABZ019&&&===+;~*-._!'()/?:@$,[]{}|^`\"<>", "%20", "%2B", "%zz", "%", "%C3%A6", "%FF", "%E2%82", "%26", "%3D",
     "%7e", "%0A", "æ", "€", "\U0001f600", "\ufffd", "\ufeff", "\u00a0", "e\u0301"]
)  # fmt: skip
_TEXT = st.lists(_PIECES, max_size=25).map("".join)
_PATH = _TEXT.map(lambda text: text.replace("?", ""))
URLS = st.builds(lambda path, query: f"https://shop.example/{path}?{query}", _PATH, _TEXT)


def node(script: str, asked: Any) -> Any:
    assert NODE is not None
    done = subprocess.run(
        [NODE, "-e", script], input=json.dumps(asked), capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


def told(url: str) -> list[str]:
    """What is sent for a URL, and what of it is signed."""
    sent = normalised(url)
    return [sent, *signed_text("T12345678", "GET", sent, 0).split("\n")[3:]]


@pytest.mark.parametrize(("url", "read"), VECTORS)
def test_a_url_reads_as_node_said(url: str, read: list[str]) -> None:
    assert told(url) == read


@pytest.mark.skipif(NODE is None, reason="node is not installed; the stored vectors stand for it")
@settings(max_examples=15, deadline=None)
@given(st.lists(URLS, min_size=20, max_size=60))
def test_what_is_sent_and_signed_is_what_node_reads(urls: list[str]) -> None:
    """A shop sees what was sent, and sorts that by name alone: it finds what we signed."""
    sent = [normalised(url) for url in urls]
    assert node(READ, sent) == [told(url) for url in urls]


@pytest.mark.skipif(NODE is None, reason="node is not installed; the stored vectors stand for it")
@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(URLS, st.dictionaries(_TEXT, _TEXT, max_size=5)), min_size=20, max_size=60))
def test_a_callbacks_query_is_sent_as_it_was_made(asked: list[tuple[str, dict[str, str]]]) -> None:
    called = [callback_target(url, parameters) for url, parameters in asked]
    sent = [normalised(url) for url in called]
    assert [read[0] for read in node(READ, called)] == sent
    assert [url.partition("?")[2] for url in sent] == [url.partition("?")[2] for url in called]


@pytest.mark.skipif(NODE is None, reason="node is not installed; the stored vectors stand for it")
def test_a_shop_that_checks_with_node_finds_the_same_signature() -> None:
    url = normalised("https://shop.example:8443/cb?b=2&a=x%20y&a=b&navn=Blåbær*~")
    header = sign("secret", "T12345678", "POST", url, 1582236537)
    assert header.endswith("=" + node(CHECK, ["secret", "T12345678", "POST", url, 1582236537]))
