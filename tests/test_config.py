"""Settings: read once, refused by name, documented in full."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import kvitt.config
from kvitt.config import Config, ConfigError, read_config

ROOT = Path(__file__).parent.parent


def test_nothing_has_to_be_set() -> None:
    config = read_config({"HOME": "/home/kari"})
    assert config.base_url == "http://127.0.0.1:8080"
    assert config.database_url is None


def test_a_public_url_is_used_without_its_last_slash() -> None:
    assert read_config({"KVITT_PUBLIC_URL": "https://pay.example.com/"}).base_url == "https://pay.example.com"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KVITT_PORT", "eighty"),
        ("KVITT_PORT", "0"),
        ("KVITT_PORT", "70000"),
        ("KVITT_PORT", "٨٠"),
        ("KVITT_WORKERS", "-1"),
        ("KVITT_RUN_WORKER", "perhaps"),
        ("KVITT_DATABASE_URL", "mysql://localhost"),
        ("KVITT_PUBLIC_URL", "pay.example.com"),
        ("KVITT_LOG_LEVEL", "loud"),
        ("KVITT_LOG_FORMAT", "xml"),
        ("KVITT_TOKEN_SECONDS", "600"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        read_config({"HOME": "/home/kari", name: value})


def test_every_setting_is_in_the_table_and_in_the_config_and_nowhere_else() -> None:
    in_code = set(re.findall(r"KVITT_[A-Z_]+", Path(kvitt.config.__file__).read_text()))
    in_docs = set(re.findall(r"^\| `(KVITT_[A-Z_]+)`", (ROOT / "docs" / "configuration.md").read_text(), re.MULTILINE))
    documented_fields = set(re.findall(r'"""(KVITT_[A-Z_]+)', Path(kvitt.config.__file__).read_text()))
    assert in_code == in_docs == documented_fields
    assert len(documented_fields) == len(Config.__dataclass_fields__)
