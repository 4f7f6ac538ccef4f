"""A provider that says nothing, a process that dies: the key leads to the truth, and never to a second effect."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from .conftest import Keyed, paying, same, session_body, transaction_of


class Provider:
    """The sandbox, on a day when it does as it is told."""

    def __init__(self, sandbox: Any) -> None:
        self.sandbox = sandbox
        self.act = sandbox.act
        self.lookup = sandbox.lookup

    def dies_before(self) -> None:
        """The process ends before the provider hears of it."""

        async def die(ask: Any) -> None:
            raise asyncio.CancelledError

        self.sandbox.act = die

    def dies_after(self) -> None:
        """The process ends when the provider has done it."""

        async def die(ask: Any) -> None:
            await self.act(ask)
            raise asyncio.CancelledError

        self.sandbox.act = die

    def is_silent(self) -> None:
        """It does as asked and does not say so."""

        async def say_nothing(ask: Any) -> None:
            await self.act(ask)
            raise TimeoutError

        self.sandbox.act = say_nothing
        self.sandbox.lookup = say_nothing

    def waits_for(self, gate: asyncio.Event) -> None:
        async def wait(ask: Any) -> Any:
            await gate.wait()
            return await self.act(ask)

        self.sandbox.act = wait

    def speaks_again(self) -> None:
        self.sandbox.act, self.sandbox.lookup = self.act, self.lookup


@pytest.fixture
def provider(keyed: Keyed) -> Provider:
    return Provider(keyed.provider)


async def prepare(keyed: Keyed, verb: str) -> tuple[str, Any]:
    match verb:
        case "pay":
            return f"/v1/sessions/{await keyed.session()}/pay", paying()
        case "refund":
            return f"/v1/transactions/{await keyed.transaction(captured=5000)}/refund", {"amount": 100}
        case "void":
            return f"/v1/transactions/{await keyed.transaction()}/void", None
        case "cancel":
            sid = await keyed.session()
            (await keyed.send(f"/v1/sessions/{sid}/pay", paying())).raise_for_status()
            return f"/v1/sessions/{sid}/cancel", None
        case _:
            return f"/v1/transactions/{await keyed.transaction()}/capture", {"amount": 100}


VERBS = ["capture", "refund", "void", "pay", "cancel"]


@pytest.mark.parametrize("verb", VERBS)
async def test_while_the_provider_is_being_asked_the_same_request_is_told_to_wait(
    keyed: Keyed, provider: Provider, key: str, verb: str
) -> None:
    path, body = await prepare(keyed, verb)
    moved = (await keyed.effects())[1]
    gate = asyncio.Event()
    provider.waits_for(gate)
    first = asyncio.create_task(keyed.send(path, body, key))
    await asyncio.sleep(0.2)
    waiting = await keyed.send(path, body, key)
    assert (waiting.status_code, waiting.json()["error"]["code"]) == (409, "REQUEST_UNDER_WAY")
    assert waiting.headers["retry-after"] == "1"
    gate.set()
    assert (await first).status_code == 200
    same(await first, await keyed.send(path, body, key))
    assert (await keyed.effects())[1] == moved + 1


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_after_a_crash_the_key_gets_the_answer_that_the_task_settled(
    keyed: Keyed, provider: Provider, key: str, verb: str, when: str
) -> None:
    path, body = await prepare(keyed, verb)
    moved = (await keyed.effects())[1]
    provider.dies_before() if when == "before" else provider.dies_after()
    assert (await keyed.send(path, body, key)).status_code == 500  # what is left of the connection
    provider.speaks_again()
    waiting = await keyed.send(path, body, key)
    assert (waiting.status_code, waiting.json()["error"]["code"]) == (409, "REQUEST_UNDER_WAY")
    assert await keyed.ask_provider() == 1
    answered = await keyed.send(path, body, key)
    same(answered, await keyed.send(path, body, key))
    if (verb, when) == ("pay", "before"):  # the card is gone with the process: the customer tries again, with a new key
        assert (answered.status_code, answered.json()["error"]["code"]) == (400, "Rejected")
        assert (await keyed.send(path, body, key + "2")).json()["success"] is True
    else:
        assert answered.status_code == 200
    if verb == "cancel":
        assert answered.json()["cancelled_at"]
    elif verb == "pay":
        assert (when == "before") or "transaction_id=" in answered.json()["redirect_url"]
    else:
        assert transaction_of(answered)[-1] == (verb.upper(), True)
    assert (await keyed.effects())[1] == moved + 1


@pytest.mark.parametrize("verb", ["capture", "refund", "void"])
async def test_while_nobody_knows_the_key_gets_the_first_202_and_then_the_truth(
    keyed: Keyed, provider: Provider, key: str, verb: str
) -> None:
    path, body = await prepare(keyed, verb)
    moved = (await keyed.effects())[1]
    provider.is_silent()
    first = await keyed.send(path, body, key)
    assert first.status_code == 202
    assert transaction_of(first)[-1] == (f"INITIATE_{verb.upper()}", True)
    for _ in range(2):
        same(first, await keyed.send(path, body, key))
        await keyed.ask_provider()  # it still says nothing
    provider.speaks_again()
    await keyed.ask_provider()
    settled = await keyed.send(path, body, key)
    assert settled.status_code == 200
    assert transaction_of(settled)[-1] == (verb.upper(), True)
    assert settled.json()["events"][-1]["correlation_request_id"] == first.headers["event-request-id"]
    same(settled, await keyed.send(path, body, key))
    assert (await keyed.effects())[1] == moved + 1


async def test_while_nobody_knows_of_a_payment_its_key_says_where_to_look(
    keyed: Keyed, provider: Provider, key: str
) -> None:
    path, body = await prepare(keyed, "pay")
    provider.is_silent()
    first = await keyed.send(path, body, key)
    assert first.json()["success"] is False
    assert first.json()["poll_url"]
    same(first, await keyed.send(path, body, key))
    provider.speaks_again()
    await keyed.ask_provider()
    settled = await keyed.send(path, body, key)
    assert settled.json()["success"] is True
    same(settled, await keyed.send(path, body, key))
    assert (await keyed.effects())[1] == 1


async def test_while_nobody_knows_of_a_cancelling_its_key_waits(keyed: Keyed, provider: Provider, key: str) -> None:
    path, body = await prepare(keyed, "cancel")
    provider.is_silent()
    assert (await keyed.send(path, body, key)).status_code == 503
    assert (await keyed.send(path, body, key)).status_code == 409
    provider.speaks_again()
    await keyed.ask_provider()
    assert (await keyed.send(path, body, key)).json()["cancelled_at"]


@pytest.mark.parametrize("what", ["payment", "capture"])
async def test_a_payment_with_automatic_capture_is_answered_once_both_are_settled(
    keyed: Keyed, provider: Provider, key: str, what: str
) -> None:
    card = {"enabled": True, "payment_product_type": "dintero_psp.creditcard"}
    configuration = {"auto_capture": True, "dintero_psp": {"payment_type": "dintero_psp", "creditcard": card}}
    body = session_body(configuration=configuration)
    del body["profile_id"]
    path = f"/v1/sessions/{(await keyed.send('/v1/sessions', body)).json()['id']}/pay"

    async def die(ask: Any) -> Any:
        done = await provider.act(ask)
        if what == "payment" or ask.automatic:
            raise asyncio.CancelledError
        return done

    provider.sandbox.act = die
    assert (await keyed.send(path, paying(), key)).status_code == 500
    provider.speaks_again()
    assert (await keyed.send(path, paying(), key)).status_code == 409
    await keyed.ask_provider()
    settled = await keyed.send(path, paying(), key)
    assert settled.json()["success"] is True
    same(settled, await keyed.send(path, paying(), key))
    assert (await keyed.effects())[1] == 2


async def test_an_automatic_capture_that_nobody_knows_of_does_not_keep_the_customer_waiting(
    keyed: Keyed, provider: Provider, key: str
) -> None:
    card = {"enabled": True, "payment_product_type": "dintero_psp.creditcard"}
    configuration = {"auto_capture": True, "dintero_psp": {"payment_type": "dintero_psp", "creditcard": card}}
    body = session_body(configuration=configuration)
    del body["profile_id"]
    path = f"/v1/sessions/{(await keyed.send('/v1/sessions', body)).json()['id']}/pay"

    async def unknown_capture(ask: Any) -> Any:
        done = await provider.act(ask)
        if ask.automatic:
            raise TimeoutError
        return done

    provider.sandbox.act = unknown_capture
    first = await keyed.send(path, paying(), key)
    assert first.json()["success"] is True
    same(first, await keyed.send(path, paying(), key))
    provider.speaks_again()
    await keyed.ask_provider()
    same(first, await keyed.send(path, paying(), key))
    assert (await keyed.effects())[1] == 2
    attempts = await keyed.raw.fetchval(
        "select doc::jsonb -> 'attempts' from transactions where account_id = $1", keyed.account_id
    )
    assert '"done"' in attempts
    assert '"unknown"' not in attempts
    assert "answer_as" not in attempts


async def test_what_a_task_settled_while_the_request_was_asking_is_the_answer_to_both(
    keyed: Keyed, provider: Provider, key: str
) -> None:
    """The provider answers late; the task had asked meanwhile, and the transaction has moved on."""
    path, body = await prepare(keyed, "capture")
    gate = asyncio.Event()
    provider.waits_for(gate)
    first = asyncio.create_task(keyed.send(path, body, key))
    await asyncio.sleep(0.2)
    provider.speaks_again()
    await keyed.ask_provider()
    await keyed.send(path, {"amount": 300})
    settled = await keyed.send(path, body, key)
    gate.set()
    same(settled, await first)
    assert (await keyed.effects())[1] == 3  # reserved, captured, captured
