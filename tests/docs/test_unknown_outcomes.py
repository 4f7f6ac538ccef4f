"""docs/design/unknown-outcomes.md is what was typed, and its waits are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

from kvitt.checkout.flows.dance import PATIENCE_SECONDS
from kvitt.checkout.model.payment import Capabilities
from kvitt.checkout.rules.expiry import NOTICE, REASON
from kvitt.checkout.rules.schedule import FIRST_ASK, WAITS
from tests_support import Server

from .test_readme import ROOT, run

PAGE = (ROOT / "docs/design/unknown-outcomes.md").read_text()
MARK = "<!-- run by tests/docs/test_unknown_outcomes.py -->\n"


async def test_the_commands_print_what_the_page_says(server: Server, account_id: str, tmp_path: Path) -> None:
    blocks = re.findall(re.escape(MARK) + r"```sh\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 2
    script = "".join(blocks).replace("KVITT=http://127.0.0.1:8080\nACCOUNT=T12345678\n", f"cd {tmp_path}\n")
    printed = await run(server, account_id, ["bash", "-euo", "pipefail", "-c", script])
    assert printed.splitlines() == [
        "202", "AUTHORIZED", "INITIATE_CAPTURE", "409", "409", "400", "found",
        "PARTIALLY_CAPTURED", "INVALID_OPERATION", "authorization_expired",
    ]  # fmt: skip


def test_the_waits_of_the_page_are_those_of_the_code() -> None:
    seconds = [int(wait.total_seconds()) for wait in WAITS]
    assert seconds == [5, 15, 60, 5 * 60, 15 * 60, 3600]
    assert "5 seconds, then 15 seconds, 1, 5 and 15 minutes, then every hour" in PAGE
    assert f"| {FIRST_ASK.seconds} seconds |" in PAGE
    assert f"no answer within {PATIENCE_SECONDS:.0f} seconds" in PAGE
    assert f"cards: {Capabilities().authorization.days} days" in PAGE
    assert f"{NOTICE.total_seconds() / 3600:.0f} hours before the end" in PAGE
    assert f'"reason": "{REASON}"' in PAGE


def test_the_code_that_the_page_names_is_there() -> None:
    checkout = ROOT / "src/kvitt/checkout"
    named = re.findall(r"`((?:checkout/)?(?:rules|flows)/\w+\.py)`", PAGE)
    assert len(named) > 8
    for name in named:
        assert (checkout / name.removeprefix("checkout/")).exists(), name
