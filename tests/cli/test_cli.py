"""The commands as people type them: real processes, an embedded database in an empty folder."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests_support import free_port, wait_until_ready

KVITT = str(Path(sys.executable).parent / "kvitt")
SCOPES = ["--scope", "admin:checkout", "--scope", "admin:shopping"]


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="kvitt-cli-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


def environ(data_dir: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KVITT_")}
    return {**kept, "KVITT_DATA_DIR": str(data_dir), "COLUMNS": "200", "NO_COLOR": "1"}


def kvitt(data_dir: Path, *args: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [KVITT, *args], env={**environ(data_dir), **extra}, capture_output=True, text=True, timeout=90, check=False
    )


@contextmanager
def serving(data_dir: Path, *args: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`kvitt serve` in a process of its own; ends it with SIGTERM and expects a clean exit."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [KVITT, "serve", "--port", str(port), *args], env=environ(data_dir), stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            wait_until_ready(url)
            yield url, process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(20)
                finally:
                    process.kill()
            if process.stderr:
                process.stderr.close()


def token(url: str, account_id: str, keys: dict[str, str]) -> httpx.Response:
    return httpx.post(
        f"{url}/v1/accounts/{account_id}/auth/token",
        auth=(keys["client_id"], keys["client_secret"]),
        json={"grant_type": "client_credentials", "audience": f"{url}/v1/accounts/{account_id}"},
    )


def test_accounts_and_clients_work_without_a_server_and_beside_one(data_dir: Path) -> None:
    made = kvitt(data_dir, "accounts", "create", "T10000001", "--name", "Before")
    assert made.returncode == 0, made.stderr
    before = kvitt(data_dir, "clients", "create", "T10000001", "--name", "Shop", *SCOPES, "--json")
    assert before.returncode == 0, before.stderr
    with serving(data_dir) as (url, _):
        assert kvitt(data_dir, "accounts", "create", "T10000002", "--name", "Beside", "--json").returncode == 0
        beside = kvitt(data_dir, "clients", "create", "T10000002", "--name", "Shop", *SCOPES, "--json")
        assert beside.returncode == 0, beside.stderr
        assert token(url, "T10000001", json.loads(before.stdout)).status_code == 200
        answer = token(url, "T10000002", json.loads(beside.stdout))
        assert answer.json()["expires_in"] == 14400


def test_the_secret_is_shown_once_and_stored_as_a_hash(data_dir: Path) -> None:
    kvitt(data_dir, "accounts", "create", "T10000003", "--name", "Secretive")
    keys = json.loads(kvitt(data_dir, "clients", "create", "T10000003", "--name", "Shop", *SCOPES, "--json").stdout)
    assert len(base64.urlsafe_b64decode(keys["client_secret"] + "=")) == 32
    cluster = b"".join(p.read_bytes() for p in (data_dir / "postgresql").rglob("*") if p.is_file())
    assert keys["client_id"].encode() in cluster
    assert keys["client_secret"].encode() not in cluster


def test_pay_prints_the_transaction_as_its_last_word_and_says_why_it_was_refused(data_dir: Path) -> None:
    kvitt(data_dir, "accounts", "create", "T10000004", "--name", "Payers")
    keys = json.loads(kvitt(data_dir, "clients", "create", "T10000004", "--name", "Shop", *SCOPES, "--json").stdout)
    with serving(data_dir) as (url, _):
        bearer = {"Authorization": f"Bearer {token(url, 'T10000004', keys).json()['access_token']}"}
        session = httpx.post(
            f"{url}/v1/sessions-profile",
            headers=bearer,
            json={
                "profile_id": "default",
                "url": {"return_url": "https://shop.example/thanks"},
                "order": {"amount": 100, "currency": "NOK", "merchant_reference": "A-1"},
            },
        ).json()
        refused = kvitt(data_dir, "pay", session["url"], "--card", "4100000000000076")
        assert refused.returncode == 1
        assert refused.stdout == ""
        assert refused.stderr.startswith("Error:")
        paid = kvitt(data_dir, "pay", session["url"])
        assert paid.returncode == 0, paid.stderr
        transaction_id = paid.stdout.split()[-1]
        transaction = httpx.get(f"{url}/v1/transactions/{transaction_id}", headers=bearer).json()
        assert transaction["status"] == "AUTHORIZED"
        again = kvitt(data_dir, "pay", session["url"])
        assert again.returncode == 1
        assert kvitt(data_dir, "pay", f"{url}/v1/view/T10000004.nothing").returncode == 1


def test_a_killed_server_starts_again_on_the_same_data(data_dir: Path) -> None:
    kvitt(data_dir, "accounts", "create", "T10000005", "--name", "Survivor")
    with serving(data_dir) as (_, process):
        process.kill()
        process.wait()
    with serving(data_dir) as (url, _):
        keys = kvitt(data_dir, "clients", "create", "T10000005", "--name", "Shop", *SCOPES, "--json")
        assert token(url, "T10000005", json.loads(keys.stdout)).status_code == 200


def test_a_server_told_to_end_ends_cleanly_and_stops_its_database(data_dir: Path) -> None:
    with serving(data_dir) as (_, process):
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert not (data_dir / "postgresql" / "postmaster.pid").exists()


def flood(sock: socket.socket) -> None:
    for _ in range(1000):
        sock.sendall(b"X-Filler: " + b"x" * 16_000 + b"\r\n")
        time.sleep(0.001)


def test_a_request_head_without_end_is_cut_off(data_dir: Path) -> None:
    with serving(data_dir) as (url, _), socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as sock:
        sock.settimeout(10)
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: kvitt\r\n")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            flood(sock)
        assert httpx.get(f"{url}/healthz").status_code == 200


def test_two_server_processes_share_one_port(data_dir: Path) -> None:
    with serving(data_dir, "--workers", "2") as (url, process):
        assert httpx.get(f"{url}/healthz").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["accounts", "create", "X1", "--name", "Bad"], "P"),
        (["clients", "create", "T99999999", "--name", "Nobody", "--scope", "admin:checkout"], "T99999999"),
        (["pay", "not-a-url"], "http"),
    ],
)
def test_what_is_refused_is_one_clear_line_and_exit_1(data_dir: Path, args: list[str], said: str) -> None:
    refused = kvitt(data_dir, *args)
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error:")
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_an_unknown_scope_is_refused_with_the_known_ones(data_dir: Path) -> None:
    kvitt(data_dir, "accounts", "create", "T10000006", "--name", "Typo")
    refused = kvitt(data_dir, "clients", "create", "T10000006", "--name", "Shop", "--scope", "admin:chekout")
    assert refused.returncode == 1
    assert "admin:checkout" in refused.stderr


def test_a_taken_port_is_said_clearly(data_dir: Path) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        refused = kvitt(data_dir, "serve", "--port", str(sock.getsockname()[1]))
    assert refused.returncode == 1
    assert "Cannot listen" in refused.stderr


def test_a_setting_that_cannot_be_read_is_one_clear_line(data_dir: Path) -> None:
    refused = kvitt(data_dir, "serve", KVITT_PORT="eighty")
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: KVITT_PORT")


def test_migrate_says_that_all_is_up_to_date(data_dir: Path) -> None:
    kvitt(data_dir, "migrate")
    assert "up to date" in kvitt(data_dir, "migrate").stdout


@pytest.mark.parametrize("command", [[], ["serve"], ["demo"], ["accounts", "create"], ["clients", "create"], ["pay"]])
def test_every_command_helps(data_dir: Path, command: list[str]) -> None:
    helped = kvitt(data_dir, *command, "--help")
    assert helped.returncode == 0
    assert "Usage" in helped.stdout


def test_the_demo_walks_the_journey_and_ends(data_dir: Path) -> None:
    walked = kvitt(data_dir / "demo", "demo", "--once")
    assert walked.returncode == 0, walked.stdout + walked.stderr
    assert "Every step came out as expected" in walked.stdout
    for state in ("order open/pending", "order open/paid", "order open/refunded", "AUTHORIZATION_VOIDED"):
        assert state in walked.stdout
