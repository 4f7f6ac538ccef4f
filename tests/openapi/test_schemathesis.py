"""schemathesis against a running server: no 500, and no answer outside the OpenAPI document."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from kvitt.store.embedded import Embedded
from tests_support import free_port, wait_until_ready

ACCOUNT = "T70000001"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@dataclass
class Running:
    url: str
    headers: dict[str, str]


@pytest.fixture(scope="module")
def running(database_url: str, embedded: Embedded) -> Iterator[Running]:
    """A server in a process of its own (schemathesis blocks), an account, and a token that may do everything."""
    port = free_port()
    environ = {**os.environ, "KVITT_DATABASE_URL": database_url, "KVITT_PORT": str(port)}
    kvitt = [sys.executable, "-m", "kvitt"]
    with subprocess.Popen([*kvitt, "serve"], env=environ, stderr=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_ready(url)
            command = [*kvitt, "accounts", "create", ACCOUNT, "--name", "Fuzzed"]
            subprocess.run(command, env=environ, check=False, capture_output=True)
            scopes = [f"--scope=admin:{name}" for name in ("accounts", "checkout", "shopping", "hooks", "settlements")]
            command = [*kvitt, "clients", "create", ACCOUNT, "--name", "Fuzz", *scopes, "--json"]
            keys = json.loads(subprocess.run(command, env=environ, check=True, capture_output=True).stdout)
            answer = httpx.post(
                f"{url}/v1/accounts/{ACCOUNT}/auth/token",
                auth=(keys["client_id"], keys["client_secret"]),
                json={"grant_type": "client_credentials", "audience": f"{url}/v1/accounts/{ACCOUNT}"},
            )
            yield Running(url, {"Authorization": f"Bearer {answer.json()['access_token']}"})
        finally:
            process.terminate()
            process.wait(20)


def fuzz(operation: Any, running: Running, examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def check(case: Any) -> None:
        if "aid" in case.path_parameters:
            case.path_parameters["aid"] = ACCOUNT
        case.call_and_validate(headers=running.headers, checks=CHECKS)

    check()


def test_every_answer_is_in_the_document(running: Running) -> None:
    schema = schemathesis.openapi.from_url(f"{running.url}/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 20
    faults = []
    for operation in operations:
        try:
            fuzz(operation, running, examples=int(os.environ.get("KVITT_FUZZ_EXAMPLES", "15")))
        except Exception as error:
            faults.append(f"{operation.label}: {error!r}\n" + "\n".join(map(repr, getattr(error, "exceptions", []))))
    assert not faults, "\n\n".join(faults)
