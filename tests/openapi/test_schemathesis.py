"""schemathesis against a running server: no 500, and no answer or refusal outside the OpenAPI document."""

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
from hypothesis.strategies import booleans
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
    """`ids`: of things that are there, by the name that paths give them; those of transactions by `transaction`."""

    url: str
    headers: dict[str, str]
    ids: dict[str, str]


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
            headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
            with httpx.Client(base_url=url, headers=headers, timeout=30) as shop:
                ids = things(shop)
            yield Running(url, headers, ids)
        finally:
            process.terminate()
            process.wait(20)


def things(shop: httpx.Client) -> dict[str, str]:
    """An order, a draft, a paid session and so on: what is not there is refused before it is looked at."""
    shopping = f"/v1/accounts/{ACCOUNT}/shopping"
    customer = {"customer_id": "C-1"}
    line = {"id": "chair", "line_id": 1, "gross_amount": 39800, "quantity": 1, "tax_lines": []}
    store = {"id": "S-1"}
    order = {"order": {"currency": "NOK", "items": [line], "customer": customer}, "store": store}
    card = {"number": "4000000000000002", "expiry": "12/34", "cvc": "123"}
    priced = {"amount": 39800, "currency": "NOK", "merchant_reference": "R-1"}
    session = {"url": {"return_url": "https://shop.example/thanks"}, "order": priced, "profile_id": "default"}
    hook = {"config": {"url": "https://shop.example/hook"}, "events": ["checkout_transaction"]}

    def made(path: str, body: Any) -> Any:
        answer = shop.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    draft_id = made(f"{shopping}/draft_orders", order)["id"]
    order_id = made(f"{shopping}/orders", order)["order_id"]
    session_id = made("/v1/sessions-profile", session)["id"]
    payment = {"payment_product_type": "dintero_psp.creditcard", "card": card}
    saving = {"dintero_psp": {"creditcard": {"enabled": True, "generate_payment_token": True}}}
    saver = made("/v1/sessions-profile", {**session, "configuration": saving})["id"]
    assert made(f"/v1/sessions/{saver}/pay", payment)["success"]
    return {
        "order_id": order_id,
        "draft_id": draft_id,
        "line_id": "1",
        "store_id": "S-1",
        "customer_id": "C-1",
        "session_id": session_id,
        "sid": made("/v1/sessions-profile", session)["id"],
        "transaction": made(f"/v1/sessions/{session_id}/pay", payment)["transaction_id"],
        "profile_id": made("/v1/admin/session/profiles", {"configuration": saving})["id"],
        "token_id": shop.get("/v1/card-tokens").json()[0]["id"],
        "hid": made(f"/v1/accounts/{ACCOUNT}/hooks/subscriptions", hook)["id"],
    }


def aim(case: Any, running: Running, real: bool) -> None:
    """The account is always ours; what else the path names is there or is made up."""
    for name in case.path_parameters:
        place = "transaction" if name == "id" and case.path.startswith("/v1/transactions") else name
        if name == "aid":
            case.path_parameters[name] = ACCOUNT
        elif real and place in running.ids:
            case.path_parameters[name] = running.ids[place]


def fuzz(operation: Any, running: Running, examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), real=booleans())
    def check(case: Any, real: bool) -> None:
        aim(case, running, real)
        response = case.call_and_validate(headers=running.headers, checks=CHECKS)
        if response.status_code >= 400 and case.method != "HEAD":
            code = response.json()["error"]["code"]
            assert code in codes.get(str(response.status_code), ()), f"{response.status_code} {code} is not named"

    codes = named_codes(operation)
    check()


def named_codes(operation: Any) -> dict[str, set[str]]:
    """The codes of the refusals that the document names, by status."""
    document = operation.schema.raw_schema
    components = document["components"]
    named = {}
    for status, response in document["paths"][operation.path][operation.method]["responses"].items():
        if "$ref" in response:
            response = components["responses"][response["$ref"].rpartition("/")[2]]
        examples = response.get("content", {}).get("application/json", {}).get("examples", {})
        named[status] = {components["examples"][name]["value"]["error"]["code"] for name in examples}
    return named


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
