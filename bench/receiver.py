"""A shop's receiver: answers 200 to everything and remembers when each callback and each webhook came.

`GET /seen` answers lines of kind, transaction id and time of arrival (epoch seconds). With `--silent` it takes
connections and never says a word.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time

import uvloop

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CALLBACK = re.compile(rb"[?&]transaction_id=([^&]+)")
_WEBHOOK = re.compile(rb'"transaction":\{"id":"([^"]+)"')

seen: list[str] = []


class Receiver(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        if SILENT:
            return
        at = time.time()
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self.buffer, 0, end)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self.buffer) < whole:
                return
            request, self.buffer = self.buffer[:whole], self.buffer[whole:]
            target = request.split(b" ", 2)[1]
            self.transport.write(_told() if target == b"/seen" else _OK)  # type: ignore[attr-defined]
            if found := _CALLBACK.search(target):
                seen.append(f"callback {found[1].decode()} {at}")
            elif found := _WEBHOOK.search(request):
                seen.append(f"webhook {found[1].decode()} {at}")


def _told() -> bytes:
    body = "\n".join(seen).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it is gone


SILENT = "--silent" in sys.argv

if __name__ == "__main__":
    uvloop.run(main())
