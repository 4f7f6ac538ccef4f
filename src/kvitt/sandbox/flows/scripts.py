"""Fault scripts: kept durably, known in every process."""

from __future__ import annotations

import msgspec
import structlog

from kvitt.checkout.providers.faults import Rule
from kvitt.core.change import Change, encode_text
from kvitt.core.errors import NotFound
from kvitt.core.idempotency import Once
from kvitt.core.ids import new_uuid
from kvitt.sandbox.rules.accounts import refuse_live
from kvitt.sandbox.rules.refusals import ScriptFull
from kvitt.sandbox.rules.script import MOST_RULES, RuleRequest
from kvitt.store import Counted, FaultScripts, ScriptRule, Store

log = structlog.get_logger("kvitt.sandbox")

_decode = msgspec.json.Decoder(Rule).decode

Script = list[Counted]


class Scripts:
    """The `Faults` of the sandbox, and the place where a test account's developer changes them."""

    def __init__(self, store: Store, books: FaultScripts) -> None:
        self._store = store
        self._books = books
        self._known: dict[str, tuple[tuple[str, Rule], ...]] = {}

    def rules(self, account_id: str) -> tuple[tuple[str, Rule], ...]:
        return self._known.get(account_id, ())

    async def strike(self, account_id: str, id: str) -> bool:
        return await self._books.strike(account_id, id)

    async def refresh(self) -> None:
        """Learns which scripts changed."""
        for account_id, script in (await self._books.changed()).items():
            self._learn(account_id, script)

    async def show(self, account_id: str) -> Script:
        """The rules in their order, with what was counted."""
        refuse_live(account_id)
        return await self._books.of(account_id)

    async def replace(self, account_id: str, rules: list[RuleRequest], once: Once | None = None) -> Script:
        """The whole script; counts begin anew."""
        return await self._change(account_id, rules, once, drop=None)

    async def add(self, account_id: str, rule: RuleRequest, once: Once | None = None) -> Script:
        """One rule more, after all others. ScriptFull when the script is full."""
        return await self._change(account_id, [rule], once, drop=[])

    async def remove(self, account_id: str, id: str) -> Script:
        """NotFound when there is no such rule."""
        refuse_live(account_id)
        if id not in [rule.id for rule in await self._books.of(account_id)]:
            raise NotFound("The script has no such rule")
        return await self._change(account_id, [], None, drop=[id])

    async def _change(
        self, account_id: str, rules: list[RuleRequest], once: Once | None, drop: list[str] | None
    ) -> Script:
        """The books are a party of their own, so the key is committed after the change. In between, the same request
        does the same again: its rules have their ids from the key, and one that is there is not added twice."""
        refuse_live(account_id)
        if once is not None:
            await self._store.replay(once)
        written = [_written(rule, f"{once.name[:32]}-{n}" if once else new_uuid()) for n, rule in enumerate(rules)]
        if not await self._books.change(account_id, written, MOST_RULES, drop):
            raise ScriptFull(f"A fault script has {MOST_RULES} rules at most")
        script = await self._books.of(account_id)
        self._learn(account_id, [(each.id, each.rule) for each in script])
        if once is None:
            return script

        async def decide() -> tuple[Change, Script]:
            return Change(), script

        return await self._store.decide(decide, once=once)

    def _learn(self, account_id: str, script: list[tuple[str, str]]) -> None:
        rules = tuple((id, rule) for id, text in script if (rule := _read(id, text)) is not None)
        if rules:
            self._known[account_id] = rules
        else:
            self._known.pop(account_id, None)


def _written(rule: RuleRequest, id: str) -> ScriptRule:
    times = None if rule.times == "every" else rule.times
    return ScriptRule(id, encode_text(rule), max(1, round(rule.chance * 100)), rule.seed, times)


def _read(id: str, text: str) -> Rule | None:
    try:
        return _decode(text)
    except msgspec.MsgspecError as error:  # written by a release that knows more faults
        log.warning("a fault cannot be read and does nothing", id=id, reason=str(error))
        return None
