"""uvicorn's HTTP connection and server, with the bounds and the ending that a server on the open network needs.

A request's head may take 64 KiB and 30 seconds; without a bound a few connections could fill the memory before anybody
logged in. Both cost nothing while heads arrive in one piece, as they do. Whoever does not read an answer is cut off
after a minute, and two seconds after the server began to stop: a stream would wait for its reader without end.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 64 * 1024
MOST_HEAD_SECONDS = 30.0
MOST_STALLED_SECONDS = 60.0
MOST_STALLED_AT_THE_END = 2.0


class Corked:
    """A transport that sends what is written in one turn of the loop as one piece.

    uvicorn writes head and body apart: two system calls and two packets, each of which wakes the reader.
    """

    __slots__ = ("_loop", "_pieces", "_transport")

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not data:
            return
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._pieces.clear()
        self._transport.abort()

    def _flush(self) -> None:
        if self._pieces:
            data = b"".join(self._pieces)
            self._pieces.clear()
            if not self._transport.is_closing():
                self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Connection(HttpToolsProtocol):
    """Ends a connection whose request head is too large or too slow, or whose answer nobody reads."""

    _head_bytes = 0
    _head_done = False
    _impatience: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(Corked(transport, self.loop))  # type: ignore[arg-type]
        self._impatience = self.loop.call_later(MOST_HEAD_SECONDS, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._be_patient()
        self._go_on()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_done = False
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        self._head_done = True
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head_done:
            if self._impatience is not None:
                self._be_patient()
            return
        self._head_bytes += len(data)
        if self._head_bytes > MOST_HEAD_BYTES:
            self.transport.close()
        elif self._impatience is None:
            self._impatience = self.loop.call_later(MOST_HEAD_SECONDS, self.transport.close)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(MOST_STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        self._go_on()
        super().resume_writing()

    def shutdown(self) -> None:
        super().shutdown()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = self.loop.call_later(MOST_STALLED_AT_THE_END, self.transport.abort)

    def _go_on(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _be_patient(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None


class HttpServer(uvicorn.Server):
    """uvicorn, whose ends are clean.

    `on_stop` is called before it waits for open answers: some would never end by themselves. SIGINT and SIGTERM are not
    raised again once they were heeded: what runs beside HTTP still has to end.
    """

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_stop()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
