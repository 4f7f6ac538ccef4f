from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2]))
from bench.captures import parallel_captures
from bench.machine import Server, fetch_token, free_port, make_shops


@pytest.mark.slow
def test_of_two_hundred_captures_of_a_hundredth_at_two_servers_exactly_a_hundred_succeed(
    database_url: str, account_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over HTTP, at two servers in processes of their own, which only the database brings together."""
    monkeypatch.setenv("KVITT_PUBLIC_URL", "http://kvitt.example")  # one issuer: a token is good at both
    (keys,) = make_shops(database_url, [account_id])
    with Server(database_url, free_port()) as one, Server(database_url, free_port()) as other:
        keys.token = fetch_token(one.url, keys)
        captures = parallel_captures([one.url, other.url], keys, "http://127.0.0.1:9")
    assert captures.statuses.keys() <= {200, 400, 409}, captures
    assert (captures.succeeded, captures.captured, captures.transaction_status) == (100, 39800, "CAPTURED"), captures
