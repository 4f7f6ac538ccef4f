"""Some clients that send requests one after the other, each on a connection of its own; and how long each answer took.

Plain sockets and epoll in one thread: a client library would cost more of the two cores than it measures.
"""

from __future__ import annotations

import select
import socket
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_BUFFER = memoryview(bytearray(1 << 20))


@dataclass(frozen=True)
class Answer:
    """`seconds`: from the first byte sent to the last one received."""

    number: int
    status: int
    seconds: float
    body: bytes


class Failed(Exception):
    """A request was not answered with 200."""


class Clients:
    """`token`: whose requests these are."""

    def __init__(self, port: int, token: str, count: int) -> None:
        self._head = f"Host: 127.0.0.1:{port}\r\nAccept: application/json\r\nAuthorization: Bearer {token}\r\n"
        self._port = port
        self._count = count

    def get(self, paths: Sequence[str]) -> list[Answer]:
        """All of them, in the order in which they were answered. Raises Failed."""
        return self._run(f"GET {path} HTTP/1.1\r\n{self._head}\r\n".encode() for path in paths)

    def post(self, path: str, bodies: Iterable[bytes]) -> list[Answer]:
        return self._run(
            f"POST {path} HTTP/1.1\r\n{self._head}Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
            for body in bodies
        )

    def _run(self, requests: Iterable[bytes]) -> list[Answer]:
        waiting = iter(enumerate(requests))
        answers: list[Answer] = []
        poll = select.epoll()
        ends = [_End(self._port) for _ in range(self._count)]  # the server closes those that were idle meanwhile
        by_number = {end.sock.fileno(): end for end in ends}
        busy = 0
        try:
            for number, end in by_number.items():
                poll.register(number, select.EPOLLIN)
                busy += _next(end, waiting)
            while busy:
                for number, _ in poll.poll(60):
                    end = by_number[number]
                    answer = end.receive()
                    if answer is None:
                        continue
                    if answer.status != 200:
                        raise Failed(f"{end.request[:300].decode()}: {answer.status} {answer.body[:500].decode()}")
                    answers.append(answer)
                    busy -= not _next(end, waiting)
        finally:
            poll.close()
            for end in ends:
                end.sock.close()
        return answers


def _next(end: _End, waiting: Iterator[tuple[int, bytes]]) -> bool:
    """Whether there was another request to send."""
    for number, request in waiting:
        end.send(number, request)
        return True
    return False


class _End:
    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = b""
        self._number = 0
        self._sent_at = 0.0
        self._parts: list[bytes] = []
        self._missing = -1

    def send(self, number: int, request: bytes) -> None:
        self._number, self.request, self._parts, self._missing = number, request, [], -1
        self._sent_at = time.perf_counter()
        self.sock.sendall(request)

    def receive(self) -> Answer | None:
        """What was asked for, once it is whole."""
        size = self.sock.recv_into(_BUFFER)
        if size == 0:
            raise ConnectionError("the server closed the connection")
        self._parts.append(bytes(_BUFFER[:size]))
        if self._missing < 0:
            data = b"".join(self._parts)
            end = data.find(_END)
            if end < 0:
                return None
            place = data.lower().find(_LENGTH, 0, end)
            length = int(data[place + len(_LENGTH) : data.find(b"\r", place)])
            self._parts, self._missing = [data], end + len(_END) + length - len(data)
        else:
            self._missing -= size
        if self._missing > 0:
            return None
        took = time.perf_counter() - self._sent_at
        data = b"".join(self._parts)
        return Answer(self._number, int(data[9:12]), took, data[data.find(_END) + len(_END) :])


def percentile(values: Iterable[float], share: float) -> float:
    """Of so few values that the largest one is among them."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def median(values: Iterable[float]) -> float:
    return statistics.median(values)
