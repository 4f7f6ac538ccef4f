"""One frozen Config, read once from the environment. docs/configuration.md is its table; a test holds them equal."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class ConfigError(Exception):
    """A setting that cannot be read; the message names it and says what would do."""


@dataclass(frozen=True)
class Config:
    database_url: str | None = None
    """KVITT_DATABASE_URL: PostgreSQL 15 or newer to use; without it kvitt runs its own in `data_dir`."""
    data_dir: Path = Path(".kvitt")
    """KVITT_DATA_DIR: where the embedded PostgreSQL keeps its files."""
    public_url: str | None = None
    """KVITT_PUBLIC_URL: how customers reach this server; session URLs begin with it. Default: http://HOST:PORT."""
    host: str = "127.0.0.1"
    """KVITT_HOST: the address to listen on."""
    port: int = 8080
    """KVITT_PORT: the port to listen on."""
    workers: int = 1
    """KVITT_WORKERS: server processes; one is fastest on up to two cores."""
    run_worker: bool = True
    """KVITT_RUN_WORKER: whether `serve` also runs timers and deliveries (0 to run none in this process)."""
    log_level: str = "info"
    """KVITT_LOG_LEVEL: debug, info, warning or error."""
    log_format: str = "text"
    """KVITT_LOG_FORMAT: text for people, json for machines."""
    token_seconds: int = 14400
    """KVITT_TOKEN_SECONDS: how long an access token lives."""

    @property
    def base_url(self) -> str:
        """Public root without a trailing slash."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """`/var/lib/kvitt` for root (the database drops to a user of its own and must reach it), else XDG's data folder."""
    if os.geteuid() == 0:
        return Path("/var/lib/kvitt")
    base = environ.get("XDG_DATA_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".local" / "share")
    return Path(base) / "kvitt"


def read_config(environ: Mapping[str, str] | None = None) -> Config:
    """The Config that the environment asks for; ConfigError names the variable that is wrong."""
    env = os.environ if environ is None else environ
    data_dir = env.get("KVITT_DATA_DIR")
    database_url = env.get("KVITT_DATABASE_URL") or None
    if database_url and not database_url.startswith(("postgresql://", "postgres://")):
        raise ConfigError("KVITT_DATABASE_URL must begin with postgresql://")
    public_url = env.get("KVITT_PUBLIC_URL") or None
    if public_url and not public_url.startswith(("http://", "https://")):
        raise ConfigError("KVITT_PUBLIC_URL must begin with http:// or https://")
    log_level = env.get("KVITT_LOG_LEVEL", "info").lower()
    if log_level not in ("debug", "info", "warning", "error"):
        raise ConfigError("KVITT_LOG_LEVEL must be debug, info, warning or error")
    log_format = env.get("KVITT_LOG_FORMAT", "text").lower()
    if log_format not in ("text", "json"):
        raise ConfigError("KVITT_LOG_FORMAT must be text or json")
    return Config(
        database_url=database_url,
        data_dir=(Path(data_dir).expanduser() if data_dir else default_data_dir(env)).absolute(),
        public_url=public_url,
        host=env.get("KVITT_HOST", "127.0.0.1"),
        port=_whole(env, "KVITT_PORT", 8080, 1, 65535),
        workers=_whole(env, "KVITT_WORKERS", 1, 1, 256),
        run_worker=_switch(env, "KVITT_RUN_WORKER", default=True),
        log_level=log_level,
        log_format=log_format,
        token_seconds=_whole(env, "KVITT_TOKEN_SECONDS", 14400, 601, 86400),
    )


def _whole(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise ConfigError(f"{name} must be a whole number from {low} to {high}, not {text!r}")
    return int(text)


def _switch(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = env.get(name)
    if not text:
        return default
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off"):
        return False
    raise ConfigError(f"{name} must be 1 or 0, not {text!r}")
