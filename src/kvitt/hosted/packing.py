"""What is sent is packed for whoever takes gzip: a page is a fourth of its size then.

The page holds no secret that somebody else could guess at by its packed size: whoever asks for it knows its address,
and that is all there is to know.
"""

from __future__ import annotations

from gzip import compress

from kvitt.hosted.assets import Asset
from kvitt.web import Answer

_QUICK = 3
_VARY = {"vary": "accept-encoding"}
_PACKED = {**_VARY, "content-encoding": "gzip"}


def packed(answer: Answer, accepted: str | None) -> Answer:
    """`accepted`: the request's Accept-Encoding. The answer's body is bytes."""
    if takes_gzip(accepted) and isinstance(answer.body, bytes):
        answer.headers = {**answer.headers, **_PACKED}
        answer.body = compress(answer.body, _QUICK, mtime=0)
    else:
        answer.headers = {**answer.headers, **_VARY}
    return answer


def file_answer(asset: Asset, headers: dict[str, str], accepted: str | None) -> Answer:
    """A file, as it was packed once."""
    if takes_gzip(accepted):
        return Answer(asset.packed, 200, {**headers, **_PACKED}, asset.content_type)
    return Answer(asset.content, 200, {**headers, **_VARY}, asset.content_type)


def takes_gzip(accepted: str | None) -> bool:
    """Whether gzip is named and not refused with a weight of nothing (RFC 9110, 12.5.3)."""
    for part in (accepted or "").lower().split(","):
        coding, _, weight = part.replace(" ", "").partition(";")
        if coding in ("gzip", "x-gzip"):
            return weight.removeprefix("q=").strip("0.") != "" or weight == ""
    return False
