"""Where the callbacks go: a process that answers every request with 200 and remembers whose they were.

`GET /seen` answers the transaction ids that came so far, one a line, as often as they came.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_NAME = b"transaction_id="

seen: list[bytes] = []


class Sink(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            target = self.buffer[: self.buffer.find(b"\r\n")].split(b" ")[1]
            self.buffer = self.buffer[end + 4 :]
            if target == b"/seen":
                body = b"\n".join(seen)
                answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            else:
                place = target.find(_NAME)
                if place >= 0:
                    seen.append(target[place + len(_NAME) :].split(b"&", 1)[0])
                answer = _OK
            self.transport.write(answer)  # type: ignore[attr-defined]


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it is gone


if __name__ == "__main__":
    uvloop.run(main())
