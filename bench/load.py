"""The load generator: a process of its own that walks many shops through the journey at once, one connection each.

Blocking-free sockets and epoll, nothing in between, so that it takes as little of the two cores as Python can; the
bench prints how much that was. Reads its orders as JSON from standard input, says START and STOP on standard output
when the measured time begins and ends, finishes the lives it began, and prints its figures as JSON.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from typing import Any

from bench.requests import STEPS, Step, taken

_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_BUFFER = bytearray(65_536)  # one for all: a fresh one for each answer costs more than reading it
_WINDOW = memoryview(_BUFFER)


class Shop:
    """One shop: a connection, a token, and the order whose life it is walking through."""

    def __init__(self, order: dict[str, Any], keys: dict[str, str]) -> None:
        self.sock = socket.create_connection(("127.0.0.1", order["port"]))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.values = {"account_id": keys["account_id"], "sink": order["sink"]}
        common = f"Host: 127.0.0.1:{order['port']}\r\nAccept: application/json\r\n"
        self._head = {False: f"{common}Authorization: Bearer {keys['token']}\r\n", True: common}
        self.step = 0
        self.sent_at = 0.0
        self.buffer = b""

    def request(self) -> None:
        step = STEPS[self.step]
        body = step.body.format(**self.values).encode() if step.body else b""
        content = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if step.method != "GET" else ""
        head = f"{step.method} {step.path.format(**self.values)} HTTP/1.1\r\n{self._head[step.customer]}{content}\r\n"
        self.sent_at = time.perf_counter()
        self.sock.send(head.encode() + body)

    def answer(self) -> tuple[int, bytes] | None:
        """Status and body once they are whole."""
        size = self.sock.recv_into(_BUFFER)
        if size == 0:
            raise ConnectionError("the server closed the connection")
        data = bytes(_WINDOW[:size])
        self.buffer = data = self.buffer + data if self.buffer else data
        end = data.find(_END)
        if end < 0:
            return None
        place = data.find(_LENGTH, 0, end)
        if place < 0:
            raise ValueError(f"an answer without content-length: {data[:200]!r}")
        length = int(data[place + len(_LENGTH) : data.find(b"\r", place)])
        if len(data) < end + 4 + length:
            return None
        self.buffer = b""
        return int(data[9:12]), data[end + 4 :]


class Load:
    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.shops = [Shop(order, keys) for keys in order["shops"]]
        self.latencies: list[list[float]] = [[] for _ in STEPS]
        self.finished = 0
        self.all_finished = 0
        self.failures: list[str] = []
        self.failed = 0
        self.measuring = False
        self.ending = False

    def run(self) -> dict[str, Any]:
        poll = select.epoll()
        by_number = {shop.sock.fileno(): shop for shop in self.shops}
        for number, shop in by_number.items():
            poll.register(number, select.EPOLLIN)
            shop.request()
        start = time.perf_counter() + self.order["warmup"]
        stop = start + self.order["seconds"]
        while by_number:
            for number, _ in poll.poll(0.1):
                if not self.advance(by_number[number]):
                    poll.unregister(number)
                    by_number.pop(number).sock.close()
            now = time.perf_counter()
            if not self.measuring and not self.ending and now >= start:
                self.measuring, start = True, now
                print("START", flush=True)
            elif self.measuring and now >= stop:
                self.measuring, self.ending, stop = False, True, now
                print("STOP", flush=True)
        return {
            "seconds": stop - start,
            "lifecycles": self.finished,
            "all_lifecycles": self.all_finished,
            "requests": sum(map(len, self.latencies)),
            "failed": self.failed,
            "failures": self.failures[:5],
            "steps": {step.name: _percentiles(times) for step, times in zip(STEPS, self.latencies, strict=True)},
            "all_steps": _percentiles([each for times in self.latencies for each in times]),
        }

    def advance(self, shop: Shop) -> bool:
        """Takes the answer and sends the next request; False when this shop is through."""
        found = shop.answer()
        if found is None:
            return True
        if self.measuring:
            self.latencies[shop.step].append(time.perf_counter() - shop.sent_at)
        step = STEPS[shop.step]
        if self.good(shop, step, *found):
            shop.step += 1
            if shop.step == len(STEPS):
                self.all_finished += 1
                self.finished += self.measuring
                shop.step = 0
        else:
            shop.step = 0
        if shop.step == 0 and self.ending:
            return False
        shop.request()
        return True

    def good(self, shop: Shop, step: Step, status: int, body: bytes) -> bool:
        try:
            if status == 200 and step.expects in body:
                if step.takes:
                    shop.values[step.takes] = taken(step, body)
                return True
        except ValueError:
            pass
        self.failed += 1
        self.failures.append(f"{step.name}: {status} {body[:300].decode(errors='replace')}")
        return False


def _percentiles(times: list[float]) -> dict[str, float]:
    if not times:
        return {"p50": 0.0, "p99": 0.0}
    times = sorted(times)
    return {name: round(times[int(len(times) * share)] * 1000, 2) for name, share in (("p50", 0.5), ("p99", 0.99))}


if __name__ == "__main__":
    print(json.dumps(Load(json.loads(sys.stdin.read())).run()), flush=True)
