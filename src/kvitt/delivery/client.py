"""The way out: one HTTP request to a shop, with a bound on everything that the shop decides.

aiohttp, by measurement: 0.11 ms of CPU a request on loopback where httpx takes 1.7 ms, and a callback goes out for
every payment (docs/decisions). No redirect is followed, no cookie kept, no proxy taken from the environment, no answer
unpacked, and only the first 4 KiB of its body read; of the answer to a question, as much as whoever asks allows.

Where a request may go is checked on the address that the socket is about to connect to, after the name was resolved:
a name that answers differently the second time gains nothing. Live and test accounts never share a connection.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from types import TracebackType
from typing import Any

import aiohttp
from yarl import URL

from kvitt import __version__
from kvitt.core.ids import is_test_account
from kvitt.delivery.model.request import Answer, Fault, Result
from kvitt.delivery.rules.addresses import may_call
from kvitt.delivery.rules.schedule import TIMEOUT_SECONDS

_BODY_LIMIT = 4096
_SHOWN_BYTES = 1024
_IDLE_SECONDS = 2.0  # servers commonly drop an idle connection after 2 to 5 s; a POST on a dropped one is a failed try
_UNSOUGHT = frozenset(("Accept-Encoding", "Content-Type"))


class AddressRefused(OSError):
    """The address is not one that requests of this account may go to."""


class OutgoingClient:
    """Sends requests for all accounts. Safe for many at once; made inside the event loop that uses it."""

    def __init__(self, *, timeout_seconds: float = TIMEOUT_SECONDS, connections: int = 256) -> None:
        self._live = _session(True, timeout_seconds, connections)
        self._test = _session(False, timeout_seconds, connections)

    async def send(
        self,
        account_id: str,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None = None,
        *,
        keep_answer: bool = False,
        kept: _Kept | None = None,
    ) -> Result:
        """One try, no exceptions: the status, or the fault that stood in its place. `url` is sent exactly as given.

        `keep_answer`: the answer's headers and the first KiB of its body are in the Result.
        """
        live = not is_test_account(account_id)
        try:
            target = URL(url, encoded=True)
            fault = _refusal(target, live=live)
        except ValueError as error:
            return Result(fault="url", detail=str(error)[:200])
        if fault is not None:
            return Result(fault=fault, detail=f"a live account's requests do not go to {target.scheme}://{target.host}")
        started = time.perf_counter()
        kept = kept or _Kept()
        status, fault, detail = await _request(self._live if live else self._test, method, target, headers, body, kept)
        duration = round((time.perf_counter() - started) * 1000)
        if keep_answer:
            return Result(status, fault, detail, duration, kept.text(), kept.headers)
        return Result(status, fault, detail, duration)

    async def ask(self, account_id: str, url: str, headers: dict[str, str], body: bytes, *, most: int) -> Answer:
        """A question: posts `body`, and answers all that comes back, unless that is more than `most` bytes."""
        kept = _Kept(limit=most + 1)
        result = await self.send(account_id, "POST", url, headers, body, kept=kept)
        if len(kept.body) > most:
            return Answer(fault="size")
        return Answer(result.status, result.fault, kept.body)

    async def close(self) -> None:
        await self._live.close()
        await self._test.close()

    async def __aenter__(self) -> OutgoingClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _refusal(target: URL, *, live: bool) -> Fault | None:
    """What is wrong with the URL itself, whatever the network says."""
    if target.scheme not in ("http", "https") or not target.host:
        return "url"
    if not live:
        return None
    if target.scheme != "https":
        return "scheme"
    try:
        ipaddress.ip_address(target.host)
    except ValueError:
        return None  # a name: judged by where it leads
    return None if may_call(target.host, live=True) else "url"


async def _request(
    session: aiohttp.ClientSession, method: str, target: URL, headers: dict[str, str], body: bytes | None, kept: _Kept
) -> tuple[int | None, Fault | None, str]:
    try:
        async with session.request(
            method, target, headers=headers, data=body, allow_redirects=False, skip_auto_headers=_UNSOUGHT
        ) as answer:
            kept.answer = answer
            if answer.content_length != 0:
                kept.body = await _first_of_body(answer, kept.limit)
            return answer.status, None, ""
    except aiohttp.InvalidURL as error:
        return None, "url", _text(error)
    except TimeoutError:
        return None, "timeout", "no whole answer in time"
    except (aiohttp.ClientConnectorError, AddressRefused) as error:
        cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
        if isinstance(cause, AddressRefused):
            return None, "address", _text(cause)
        if isinstance(error, (aiohttp.ClientSSLError, aiohttp.ClientConnectorCertificateError)):
            return None, "tls", _text(error)
        return None, "connection", _text(error)
    except (aiohttp.ClientSSLError, aiohttp.ServerFingerprintMismatch) as error:
        return None, "tls", _text(error)
    except (aiohttp.ClientError, OSError) as error:
        return None, "connection", _text(error)
    except (ValueError, asyncio.LimitOverrunError) as error:  # a header the URL or the answer cannot be read with
        return None, "url", _text(error)


async def _first_of_body(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    """Reads a little, so that the connection can be used again; a fault here does not change the status."""
    chunks: list[bytes] = []
    left = limit
    try:
        while left > 0 and (chunk := await answer.content.read(left)):
            left -= len(chunk)
            chunks.append(chunk)
    except (aiohttp.ClientError, OSError):
        answer.close()
    return b"".join(chunks)


class _Kept:
    """What there is to see of an answer; looked at only when somebody asks."""

    def __init__(self, limit: int = _BODY_LIMIT) -> None:
        self.limit = limit
        self.answer: aiohttp.ClientResponse | None = None
        self.body = b""

    def text(self) -> str:
        return self.body[:_SHOWN_BYTES].decode("utf-8", "replace").replace("\0", "\ufffd")

    @property
    def headers(self) -> dict[str, str]:
        found = self.answer.headers.items() if self.answer is not None else ()
        return {name.lower()[:100]: value[:200] for name, value in list(found)[:20] if value.isprintable()}


def _session(live: bool, timeout_seconds: float, connections: int) -> aiohttp.ClientSession:
    def guarded(address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, target = address
        if not may_call(str(target[0]), live=live):
            raise AddressRefused("the host's address is not public" if live else "the host's address is link-local")
        return socket.socket(family, kind, protocol)

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=connections, keepalive_timeout=_IDLE_SECONDS, ttl_dns_cache=10, socket_factory=guarded
        ),
        timeout=aiohttp.ClientTimeout(total=timeout_seconds),
        headers={"User-Agent": f"kvitt/{__version__}"},
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


def _text(error: BaseException) -> str:
    return (str(error) or type(error).__name__).replace("\0", "\ufffd")[:200]
