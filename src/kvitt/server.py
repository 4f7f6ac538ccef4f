"""The server's processes: one is the ordinary case; with more, a parent holds the socket and replaces the dead."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import signal
import socket
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess

import structlog
import uvicorn
import uvloop

from kvitt.app import build
from kvitt.config import Config
from kvitt.connections import Connection, HttpServer
from kvitt.logs import set_up_logs

log = structlog.get_logger("kvitt.server")


class ServeError(Exception):
    """The server cannot start; the message says why."""


def listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio switches Nagle's delay off only for sockets that say they are TCP.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(2048)
    except OSError as error:
        sock.close()
        raise ServeError(
            f"Cannot listen on {host}:{port}: {error.strerror}. Choose another with --port or KVITT_PORT."
        ) from error
    sock.set_inheritable(True)
    return sock


def serve(config: Config, on_ready: Callable[[], None] | None = None) -> None:
    """Serves until SIGINT or SIGTERM. `config.database_url` is set by now."""
    sock = listen(config.host, config.port)
    if config.workers == 1:
        uvloop.run(serve_one(config, sock, on_ready))
    else:
        _serve_many(config, sock, on_ready)


async def serve_one(
    config: Config,
    sock: socket.socket,
    on_ready: Callable[[], None] | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """One process: the app, its worker, and uvicorn on the socket, until a signal comes or `stop` is set."""
    app = await build(config)
    _calm_garbage_collection()
    server = HttpServer(
        uvicorn.Config(
            app.asgi,
            http=Connection,
            loop="none",
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=10,
            backlog=2048,
        ),
        app.end_streams,
    )
    await app.start()
    if on_ready is not None:
        on_ready()
    stopping = asyncio.create_task(_stop_on(stop, server)) if stop is not None else None
    try:
        await server.serve(sockets=[sock])
    finally:
        if stopping is not None:
            stopping.cancel()
        await app.close()


def _calm_garbage_collection() -> None:
    """Requests make few cycles and many objects: collected as rarely as this, the collector takes 1% instead of 9%."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)


async def _stop_on(stop: asyncio.Event, server: uvicorn.Server) -> None:
    await stop.wait()
    server.should_exit = True


def _run_child(config: Config, sock: socket.socket) -> None:
    set_up_logs(config.log_level, config.log_format)
    uvloop.run(serve_one(config, sock))


def _serve_many(config: Config, sock: socket.socket, on_ready: Callable[[], None] | None) -> None:
    context = multiprocessing.get_context("spawn")
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)

    def start() -> BaseProcess:
        child = context.Process(target=_run_child, args=(config, sock))
        child.start()
        return child

    children = [start() for _ in range(config.workers)]
    if on_ready is not None:
        on_ready()
    while not stopping:
        time.sleep(0.2)
        for place, child in enumerate(children):
            if not child.is_alive() and not stopping:
                log.warning("a server process died and is replaced", pid=child.pid, exit_code=child.exitcode)
                time.sleep(0.5)
                children[place] = start()
    for child in children:
        child.terminate()
    for child in children:
        child.join(15)
        if child.is_alive():
            child.kill()
