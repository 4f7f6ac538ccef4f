"""Which database a command works on: the one KVITT_DATABASE_URL names, or the data folder's own, started as needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kvitt.config import Config
from kvitt.store.embedded import Embedded


@contextmanager
def database(config: Config, *, keep_running: bool = False) -> Iterator[str]:
    """The URL to connect to. The embedded PostgreSQL runs at least as long as the block; the last to leave stops it.

    `keep_running` starts it again when it dies meanwhile: for long-lived processes.
    """
    if config.database_url:
        yield config.database_url
        return
    embedded = Embedded(config.data_dir)
    url = embedded.start()
    if keep_running:
        embedded.keep_running()
    try:
        yield url
    finally:
        embedded.leave()
