from __future__ import annotations

import pytest

from kvitt.delivery.rules.signature import normalised, sign, signed_text


def test_the_official_vector_is_reproduced() -> None:
    header = sign("123", "P00000000", "GET", "https://example.com/callback?B=123&A=992", 1582236537)
    assert header == ("t=1582236537,v0-hmac-sha256=6bed2ab1b919d460ef7465a20dc6c97260dca73fab6647106ca525f0908df64a")


@pytest.mark.parametrize(
    ("url", "host", "path", "query"),
    [
        ("https://Shop.Example:8443/cb?b=2&a=1", "shop.example", "/cb", "a=1&b=2"),
        ("https://shop.example", "shop.example", "/", ""),
        ("https://shop.example/cb?", "shop.example", "/cb", ""),
        ("https://shop.example/cb?a=x%20y&b=~*-._", "shop.example", "/cb", "a=x+y&b=%7E*-._"),
        ("https://shop.example/cb?flag&a=", "shop.example", "/cb", "a=&flag="),
        ("https://shop.example/cb?a=2&b=0&a=1", "shop.example", "/cb", "a=1&a=2&b=0"),
        ("https://shop.example/cb?navn=Bl%C3%A5b%C3%A6r", "shop.example", "/cb", "navn=Bl%C3%A5b%C3%A6r"),
        ("https://shop.example/cb?navn=Blåbær", "shop.example", "/cb", "navn=Bl%C3%A5b%C3%A6r"),
        ("https://shop.example/blåbær/a b?x=1", "shop.example", "/bl%C3%A5b%C3%A6r/a%20b", "x=1"),
        ("https://shop.example/a/../b/./c/%2e%2e/d", "shop.example", "/b/d", ""),
        ("https://shop.example/a/..", "shop.example", "/", ""),
        ("https://user:secret@shop.example/cb", "shop.example", "/cb", ""),
        ("https://blåbær.example/cb", "xn--blbr-roah.example", "/cb", ""),
        ("http://[::1]:3000/cb?t=2026-11-20T10:00:03.120Z", "[::1]", "/cb", "t=2026-11-20T10%3A00%3A03.120Z"),
    ],
)
def test_the_signed_text_is_what_javascript_makes_of_the_url(url: str, host: str, path: str, query: str) -> None:
    assert signed_text("T12345678", "POST", url, 7) == f"7\nT12345678\nPOST\n{host}\n{path}\n{query}"


def test_names_sort_by_utf_16_code_units() -> None:
    # U+1F600 is a surrogate pair (D83D DE00) and sorts before U+FFFD, unlike by code point
    query = signed_text("T12345678", "GET", "https://shop.example/?\ufffd=1&\U0001f600=2", 0).rsplit("\n", 1)[1]
    assert query == "%F0%9F%98%80=2&%EF%BF%BD=1"


def test_what_is_sent_is_what_is_signed() -> None:
    url = "https://Shop.Example:443/a/../cb?b=x%20y&a=~#top"
    sent = normalised(url)
    assert sent == "https://shop.example/cb?a=%7E&b=x+y"
    assert signed_text("T12345678", "GET", sent, 0) == signed_text("T12345678", "GET", url, 0)
    assert normalised(sent) == sent


@pytest.mark.parametrize("url", ["", "shop.example/cb", "/cb", "ftp://shop.example/", "https://", "https://x:99999/"])
def test_what_is_no_http_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        normalised(url)
