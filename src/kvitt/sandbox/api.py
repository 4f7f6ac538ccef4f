"""The routes of the sandbox, for test accounts alone."""

from __future__ import annotations

from kvitt.core.errors import NotFound, Refusal
from kvitt.sandbox.flows import AccountClocks, SandboxHouse, Scripts
from kvitt.sandbox.flows.clocks import Reading
from kvitt.sandbox.rules.clock import duration
from kvitt.sandbox.rules.refusals import InvalidAdvance, InvalidRule, LiveAccount, ScriptFull
from kvitt.sandbox.rules.script import RuleRequest, checked
from kvitt.sandbox.wire import Advance, ClockAnswer, ScriptAnswer, ScriptRequest, clock_answer, script_answer
from kvitt.store import Counted
from kvitt.web import Call, Needs, Route

_ROOT = "/v1/accounts/{aid}/sandbox"
_TAG = "Sandbox"
_NEEDS = Needs("checkout", "admin", also=("admin:shopping", "admin:accounts"))


def routes(house: SandboxHouse) -> list[Route]:
    return [*clock_routes(house.clock), *fault_routes(house.scripts)]


def clock_routes(clock: AccountClocks) -> list[Route]:
    async def get(call: Call[None]) -> ClockAnswer:
        return clock_answer(*clock.read(call.account_id))

    async def advance(call: Call[Advance]) -> ClockAnswer:
        def answer(reading: Reading) -> ClockAnswer:
            return clock_answer(*reading)

        by = duration(call.body.advance)
        return answer(await clock.advance(call.account_id, by, call.once(answer)))

    return [
        Route(
            "GET", f"{_ROOT}/clock", get, _NEEDS, "What time it is in a test account", _TAG, answers=ClockAnswer,
            refusals=(LiveAccount,),
        ),
        Route(
            "POST", f"{_ROOT}/clock", advance, _NEEDS, "Move a test account's time forward", _TAG, body=Advance,
            answers=ClockAnswer, refusals=(LiveAccount, InvalidAdvance), description=_ADVANCE,
        ),
    ]  # fmt: skip


def fault_routes(scripts: Scripts) -> list[Route]:
    def answer(script: list[Counted]) -> ScriptAnswer:
        return script_answer(script)

    async def get(call: Call[None]) -> ScriptAnswer:
        return answer(await scripts.show(call.account_id))

    async def replace(call: Call[ScriptRequest]) -> ScriptAnswer:
        rules = checked(call.body.rules)
        return answer(await scripts.replace(call.account_id, rules, call.once(answer)))

    async def add(call: Call[RuleRequest]) -> ScriptAnswer:
        (rule,) = checked([call.body], path="")
        return answer(await scripts.add(call.account_id, rule, call.once(answer)))

    async def clear(call: Call[None]) -> ScriptAnswer:
        return answer(await scripts.replace(call.account_id, []))

    async def remove(call: Call[None]) -> ScriptAnswer:
        return answer(await scripts.remove(call.account_id, call.params["fault_id"]))

    def route(method: str, path: str, handler: object, summary: str, *refusals: type[Refusal], **more: object) -> Route:
        return Route(
            method, f"{_ROOT}/{path}", handler, _NEEDS, summary, _TAG, answers=ScriptAnswer,  # type: ignore[arg-type]
            refusals=(LiveAccount, *refusals), **more,  # type: ignore[arg-type]
        )  # fmt: skip

    return [
        route("GET", "faults", get, "Show the fault script"),
        route("PUT", "faults", replace, "Set the fault script", InvalidRule, body=ScriptRequest, description=_FAULTS),
        route(
            "POST",
            "faults",
            add,
            "Add a rule to the fault script",
            InvalidRule,
            ScriptFull,
            body=RuleRequest,
            description=_FAULTS,
        ),
        route("DELETE", "faults", clear, "Empty the fault script"),
        route("DELETE", "faults/{fault_id}", remove, "Take a rule out of the fault script", NotFound),
    ]


_ADVANCE = (
    "All that waits for a time in the account follows: sessions and authorizations expire, callbacks and webhooks are "
    "sent again, the provider is asked again. Time only goes forward, ten years in all."
)
_FAULTS = (
    "Calls to the sandbox go through the rules in their order; the first that agrees strikes. A script has 100 rules "
    "at most. What a rule can say is in docs/guides/sandbox.md."
)
