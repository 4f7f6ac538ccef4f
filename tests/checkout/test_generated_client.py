"""A client that a stranger's generator makes of our OpenAPI document, pointed at a real server.

The generator is `openapi-python-client`; what it makes is imported as it is.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from tests_support import Server, Shop

NAME = "kvitt_client_of_a_stranger"
CONFIG = json.dumps(
    {
        "package_name_override": NAME,
        "content_type_overrides": {"application/x-ndjson": "text/html"},
        "post_hooks": [],  # they format what nobody reads
    }
)


@pytest.fixture
async def package(server: Server, tmp_path: Path) -> AsyncIterator[Path]:
    """The folder of a client made from the document that the server serves."""
    async with httpx.AsyncClient(base_url=server.url) as http:
        (tmp_path / "openapi.json").write_text((await http.get("/openapi.json")).text)
    (tmp_path / "config.json").write_text(CONFIG)
    command = ["generate", "--path", "openapi.json", "--config", "config.json", "--meta", "none"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "openapi_python_client", *command, "--output-path", NAME, "--fail-on-warning",
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    sys.path.insert(0, str(tmp_path))
    yield tmp_path / NAME
    sys.path.remove(str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]


def operations(document: dict[str, Any]) -> Iterator[str]:
    """As names of modules."""
    for methods in document["paths"].values():
        for operation in methods.values():
            yield operation["operationId"].replace("__", "_")


def load(name: str) -> ModuleType:
    return importlib.import_module(f"{NAME}.{name}")


async def test_a_generated_client_sells_captures_refunds_and_lists(
    package: Path, shop: Shop, body: Callable[..., dict[str, Any]]
) -> None:
    document = json.loads((package.parent / "openapi.json").read_text())
    made = {path.stem: path for path in (package / "api").rglob("*.py")}
    assert set(operations(document)) <= made.keys(), "operations that the generator left out"

    models: Any = load("models")
    token = shop.http.headers["Authorization"].removeprefix("Bearer ")
    client = load("client").AuthenticatedClient(base_url=shop.url, token=token)

    async def call(operation: str, *args: Any, **kwargs: Any) -> Any:
        tag = made[operation].parent.name
        answer = await load(f"api.{tag}.{operation}").asyncio_detailed(*args, client=client, **kwargs)
        assert answer.status_code == 200, answer.content
        parsed = answer.parsed
        found = [each.to_dict() for each in parsed] if isinstance(parsed, list) else parsed.to_dict()
        assert found == json.loads(answer.content), "what the client's models leave out or change"
        return parsed

    sent = models.ProfileSession.from_dict(body())
    created = await call("post_sessions_profile", body=sent, idempotency_key="one")
    assert (await call("post_sessions_profile", body=sent, idempotency_key="one")).id == created.id
    assert (await call("get_sessions_session_id", created.id)).order.amount == 39800
    card = models.CardDetails(number="4000000000000002", expiry="12/34", cvc="123")
    paying = models.Pay(payment_product_type="dintero_psp.creditcard", card=card)
    id = (await call("post_sessions_session_id_pay", created.id, body=paying)).transaction_id
    lines = [models.Line(line_id="1", amount=9800)]
    captured = await call("post_transactions_id_capture", id, body=models.Capture(amount=9800, items=lines))
    assert captured.status == "PARTIALLY_CAPTURED"
    await call("post_transactions_id_capture", id, body=models.Capture(amount=30000))
    refunded = await call("post_transactions_id_refund", id, body=models.Refund(amount=39800, reason="Broken"))
    assert refunded.status == "REFUNDED"
    assert (await call("get_transactions_id", id)).events[-1].amount == 39800
    assert [each.id for each in await call("get_transactions")] == [id]
    assert [each.id for each in await call("get_sessions")] == [created.id]
    assert [each.profile_id for each in await call("get_admin_session_profiles")] == ["default"]
    other = await call("post_sessions_profile", body=sent)
    assert (await call("post_sessions_session_id_cancel", other.id)).cancelled_at
    await client.get_async_httpx_client().aclose()
