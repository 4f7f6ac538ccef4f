"""Reading a request's body, bounded: nothing larger than the limit is ever held in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import falcon
from falcon.asgi import Request

from kvitt.core.errors import InvalidRequest, TooLarge

MAX_BODY = 1024 * 1024
"""Bytes. An order of a thousand lines takes a third of it."""

BODY_SECONDS = 30.0
"""How long a body may take that does not come along with its headers: whoever trickles gets no memory for hours."""

_SMALL = 64 * 1024
_DRAIN_BYTES = 32 * MAX_BODY
_DRAIN_SECONDS = 20.0


async def read_body(req: Request) -> bytes:
    """The whole body; TooLarge beyond MAX_BODY, InvalidRequest when the sender stopped half-way."""
    try:
        length = req.content_length
    except falcon.HTTPError:
        raise InvalidRequest("the Content-Length header is not a number") from None
    if length is None:
        if not req.get_header("transfer-encoding"):
            return b""
        return await _in_time(_read_chunked(req))
    if length > MAX_BODY:
        await _drain(req, 0)
        raise _too_large()
    if length == 0:
        return b""
    raw: bytes = await (req.stream.readall() if length <= _SMALL else _in_time(req.stream.readall()))
    if len(raw) < length:
        raise InvalidRequest("the body ended before its announced length")
    return raw


async def _in_time(reading: Awaitable[bytes]) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await reading
    except TimeoutError:
        raise InvalidRequest(f"the body did not arrive within {BODY_SECONDS:g} seconds") from None


async def _read_chunked(req: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in req.stream:
        size += len(chunk)
        if size > MAX_BODY:
            chunks.clear()
            await _drain(req, size)
            raise _too_large()
        chunks.append(chunk)
    return b"".join(chunks)


async def _drain(req: Request, seen: int) -> None:
    """Throws the rest away, up to a bound: a client that is still sending would not see our answer otherwise."""
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while seen < _DRAIN_BYTES:
                chunk = await req.stream.read(65536)
                if not chunk:
                    return
                seen += len(chunk)
    except TimeoutError:
        return


def _too_large() -> TooLarge:
    return TooLarge(f"the body is larger than {MAX_BODY} bytes")
