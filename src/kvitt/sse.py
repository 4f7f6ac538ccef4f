"""Reading server-sent events (WHATWG HTML, section 9.2) from bytes as they come.

Lines are split at line feeds alone: the usual helpers also split at U+2028 and others, which JSON may hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """One event. Without `data` it only says where the stream is (`id`). `data` is UTF-8, several lines joined."""

    id: str
    event: str
    data: bytes


class Messages:
    """Turns chunks into messages, wherever the chunks happen to end."""

    def __init__(self) -> None:
        self._rest = b""
        self._fields: dict[bytes, list[bytes]] = {}

    def feed(self, chunk: bytes) -> Iterator[Message]:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            line = line.removesuffix(b"\r")
            if line:
                name, _, value = line.partition(b":")
                self._fields.setdefault(name, []).append(value.removeprefix(b" "))
                continue
            fields, self._fields = self._fields, {}
            id, event = (b"".join(fields.get(name, ())[-1:]).decode() for name in (b"id", b"event"))
            yield Message(id, event, b"\n".join(fields.get(b"data", ())))
