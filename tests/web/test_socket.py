"""Over a real socket: what an in-process call cannot show."""

from __future__ import annotations

import asyncio
import resource

import httpx
import pytest

from kvitt.web import bodies

from .conftest import ORDERS

MEGABYTE = 1024 * 1024


async def test_a_body_of_20_megabytes_is_413_and_is_never_held_in_memory(port: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    async def endless() -> object:
        for _ in range(20 * 16):
            yield b"x" * (MEGABYTE // 16)

    headers = {"authorization": "Bearer all", "content-length": str(20 * MEGABYTE)}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answer = await client.post(ORDERS, content=endless(), headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "TOO_LARGE"
        chunked = await client.post(ORDERS, content=endless(), headers={"authorization": "Bearer all"})  # type: ignore[arg-type]
        assert chunked.status_code == 413
        after = await client.get(ORDERS, headers={"authorization": "Bearer all"})
        assert after.status_code == 200
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 15 * 1024  # kilobytes


async def test_a_large_body_without_a_token_is_401_all_the_same(port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answer = await client.post(ORDERS, content=b"x" * (5 * MEGABYTE))
        assert answer.status_code == 401


async def test_a_body_that_breaks_off_has_no_effect_and_hurts_nobody(port: int) -> None:
    _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /v1/void/1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer all\r\ncontent-length: 100\r\n\r\n{")
    await writer.drain()
    writer.close()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert (await client.get("/healthz")).status_code == 200


@pytest.mark.parametrize("framing", [b"content-length: 900000", b"transfer-encoding: chunked"])
async def test_a_body_that_trickles_in_is_not_held_for_ever(
    port: int, framing: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /v1/void/1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer all\r\n" + framing + b"\r\n\r\n")
    if framing.startswith(b"transfer"):
        writer.write(b"1\r\n")
    writer.write(b"{\r\n")
    answer = await asyncio.wait_for(reader.read(65536), 5)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"did not arrive" in answer
    writer.close()


async def test_requests_sent_in_one_go_are_answered_in_order(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {ORDERS}/%s HTTP/1.1\r\nhost: x\r\nauthorization: Bearer all\r\n\r\n"
    writer.write((request % "first" + request % "second").encode())
    seen = b""
    while b'"second"' not in seen:
        seen += await asyncio.wait_for(reader.read(65536), 5)
    assert seen.index(b'"first"') < seen.index(b'"second"')
    writer.close()


@pytest.mark.parametrize("line", [b"GET /healthz", b"GET /healthz HTTP/0.9", b"GET /healthz HTTP/2.0"])
async def test_an_http_version_nobody_speaks_here_is_refused_in_the_documented_shape(port: int, line: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(line + b"\r\nhost: x\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(65536), 5)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"INVALID_REQUEST_PARAMETER"' in answer
    writer.close()
