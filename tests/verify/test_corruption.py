# ruff: noqa: S608  # the table's name comes from the test itself
"""A thief with write access to the database changes one thing by hand: `kvitt verify` names it, and exits with 1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest

from kvitt.orders.model import Verb

SILENT_CAPTURE = "4100000000000019"


@dataclass
class Thief:
    """One order and one transaction, each authorized, captured and refunded; and a hand in the database."""

    raw: Any
    account_id: str
    order: str
    transaction: str
    session: str

    async def run(self, statement: str, *arguments: Any) -> None:
        """Changes exactly one row. `$1` is the account."""
        assert (await self.raw.execute(statement, self.account_id, *arguments)).endswith(" 1")

    async def edit(self, table: str, id: str, old: str, new: str) -> None:
        """Writes something else into a document."""
        doc = await self.raw.fetchval(f"select doc from {table} where account_id = $1 and id = $2", self.account_id, id)
        assert old in doc
        await self.run(f"update {table} set doc = replace(doc, $3, $4) where account_id = $1 and id = $2", id, old, new)

    async def entry(self, type: str, place: int = 0) -> int:
        """The seq of an entry of the log."""
        found: int = await self.raw.fetchval(
            "select seq from log where account_id = $1 and type = $2 order by seq offset $3",
            self.account_id,
            type,
            place,
        )
        return found

    async def attempt(self, verb: str) -> str:
        found: str = await self.raw.fetchval(
            "select attempt_id from sandbox.movements where account_id = $1 and payment_id = $2 and verb = $3",
            self.account_id, self.transaction, verb,
        )  # fmt: skip
        return found


@pytest.fixture
async def thief(shop: Any, raw: Any) -> Thief:
    """Three seals: the order; the transaction; an order more. Behind them, not sealed: one more order's draft."""
    order = await shop.order()
    await shop.register(order, Verb.AUTHORIZE, (1, 100), (2, 250))
    await shop.register(order, Verb.CAPTURE, (1, 100), (2, 250))
    await shop.register(order, Verb.REFUND, (2, 50))
    await shop.seal()
    session = await shop.session()
    transaction = (await shop.pay(session)).transaction_id
    await shop.operate(transaction, "capture", 39800)
    await shop.operate(transaction, "refund", 9800)
    await shop.seal()
    await shop.order()
    await shop.seal()
    await shop.order()
    return Thief(raw, shop.account_id, order.id, transaction, session.id)


async def test_nothing_is_wrong_before(thief: Thief, verify: Any) -> None:
    assert (await verify()).code == 0


async def test_the_command_ends_with_exit_1(thief: Thief, verify_command: Any) -> None:
    await thief.edit("orders", thief.order, '"net_amount":350,', '"net_amount":351,')
    (await verify_command("--json")).only(f"order {thief.order}", "net_amount")


# -- documents -------------------------------------------------------------------------------------------------------


async def test_a_changed_amount_in_an_orders_line(thief: Thief, verify: Any) -> None:
    await thief.edit("orders", thief.order, '"gross_amount":250,', '"gross_amount":950,')
    found = (await verify("--json")).only(f"order {thief.order}", "gross_amount")
    assert (found["expected"], found["found"]) == ("1050", "350")


async def test_a_changed_amount_of_an_operation(thief: Thief, verify: Any) -> None:
    await thief.edit(
        "orders",
        thief.order,
        '"items":[{"line_id":2,"amount":50}],"amount":50',
        '"items":[{"line_id":2,"amount":5}],"amount":5',
    )
    found = (await verify("--json")).only(f"order {thief.order}", "in the log")
    assert (found["expected"], found["found"]) == ("5 (line 2: 5), done", "50 (line 2: 50), done")


async def test_a_refund_beyond_what_was_captured_of_a_line(thief: Thief, verify: Any) -> None:
    await thief.edit("orders", thief.order, '"line_id":2,"amount":50', '"line_id":2,"amount":251')
    found = (await verify("--json")).only(f"order {thief.order}", "refunded of line 2")
    assert (found["expected"], found["found"]) == ("at most 250", "251")


async def test_a_changed_status_of_an_order(thief: Thief, verify: Any) -> None:
    await thief.edit("orders", thief.order, '"payment_status":"partially_refunded"', '"payment_status":"paid"')
    verified = await verify("--json")
    whats = {each["what"]: (each["expected"], each["found"]) for each in verified.report["differences"]}
    assert verified.objects == {f"order {thief.order}"}
    assert whats["payment_status"] == ("partially_refunded", "paid")


async def test_a_changed_status_in_a_column(thief: Thief, verify: Any) -> None:
    await thief.run("update orders set payment_status = 'paid' where account_id = $1 and id = $2", thief.order)
    (await verify("--json")).only(f"order {thief.order}", "column payment_status")
    await thief.run(
        "update orders set payment_status = 'partially_refunded' where account_id = $1 and id = $2", thief.order
    )
    await thief.run("update transactions set status = 'CAPTURED' where account_id = $1 and id = $2", thief.transaction)
    (await verify("--json")).only(f"transaction {thief.transaction}", "column status")


async def test_a_number_without_its_claim(thief: Thief, verify: Any) -> None:
    await thief.run("delete from claims where account_id = $1 and key = 'order_id:' || $2", thief.order)
    (await verify("--json")).only(f"order {thief.order}", "claim on its number")


async def test_a_deleted_order(thief: Thief, verify: Any) -> None:
    await thief.run("delete from orders where account_id = $1 and id = $2", thief.order)
    found = (await verify("--json")).only(f"order {thief.order}", "the order")
    assert (found["expected"], found["found"]) == ("one: the log has 4 entries", "nothing")


async def test_a_changed_amount_in_a_transactions_event(thief: Thief, verify: Any) -> None:
    doc = await thief.raw.fetchval(
        "select doc from transactions where account_id = $1 and id = $2", thief.account_id, thief.transaction
    )
    head, _, tail = doc.partition('"attempts":')
    changed = head.replace('"amount":9800', '"amount":900') + '"attempts":' + tail
    assert changed != doc
    await thief.run("update transactions set doc = $3 where account_id = $1 and id = $2", thief.transaction, changed)
    found = (await verify("--json")).only(f"transaction {thief.transaction}", "refunded: attempts against events")
    assert (found["expected"], found["found"]) == ("9800", "900")


async def test_a_changed_amount_in_the_document_and_its_attempt(thief: Thief, verify: Any) -> None:
    await thief.edit("transactions", thief.transaction, '"amount":9800', '"amount":900')
    verified = await verify("--json")
    verified.only(f"transaction {thief.transaction}", "the document")
    refund = await thief.attempt("refund")
    verified.only(f"transaction {thief.transaction}", f"posting {refund}")
    verified.only(f"transaction {thief.transaction}", f"movement {refund}")


async def test_a_changed_status_of_a_transaction(thief: Thief, verify: Any) -> None:
    await thief.edit("transactions", thief.transaction, '"status":"PARTIALLY_REFUNDED"', '"status":"CAPTURED"')
    verified = await verify("--json")
    whats = {each["what"]: (each["expected"], each["found"]) for each in verified.report["differences"]}
    assert verified.objects == {f"transaction {thief.transaction}"}
    assert whats["status"] == ("PARTIALLY_REFUNDED", "CAPTURED")


async def test_a_session_that_names_no_transaction_any_more(thief: Thief, verify: Any) -> None:
    await thief.edit("sessions", thief.session, f',"transaction_id":"{thief.transaction}"', "")
    verified = await verify("--json")
    found = verified.only(f"session {thief.session}", "its transaction")
    assert (found["expected"], found["found"]) == (thief.transaction, "nothing")


async def test_a_deleted_task_of_an_open_attempt(thief: Thief, shop: Any, verify: Any) -> None:
    late = await shop.paid(SILENT_CAPTURE)
    await shop.operate(late, "capture", 100)
    assert (await verify()).code == 0
    await thief.run("delete from tasks where account_id = $1 and kind = 'checkout.ask_provider'")
    (await verify("--json")).only(f"transaction {late}", "task of the open attempt")


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ("status = 'closed'", "status"),
        ("status = null", "status"),
        ("payment_status = 'paid'", "payment_status"),
        ("amount = amount + 1", "amount"),
        ("created_at = created_at + interval '1 microsecond'", "created_at"),
        ("updated_at = updated_at + interval '1 microsecond'", "updated_at"),
        ("customer_id = 'somebody'", "customer_id"),
        ("store_id = 'elsewhere'", "store_id"),
    ],
)
async def test_a_row_of_the_list_that_says_something_else(thief: Thief, verify: Any, change: str, column: str) -> None:
    await thief.run(f"update order_list set {change} where account_id = $1 and id = $2", thief.order)
    (await verify("--json")).only(f"order {thief.order}", f"{column} in the list")


async def test_whose_an_order_is_in_the_list(thief: Thief, shop: Any, verify: Any) -> None:
    order = await shop.order(customer={"customer_id": "C-1"}, store={"id": "store-1"})
    assert (await verify()).code == 0
    await thief.run("update order_list set customer_id = null where account_id = $1 and id = $2", order.id)
    found = (await verify("--json")).only(f"order {order.id}", "customer_id in the list")
    assert (found["expected"], found["found"]) == ("C-1", "nothing")


@pytest.mark.parametrize(
    ("table", "what"), [("order_list", "its row in the list"), ("order_words", "what it is found by")]
)
async def test_an_order_that_no_list_and_no_search_finds(thief: Thief, verify: Any, table: str, what: str) -> None:
    await thief.run(f"delete from {table} where account_id = $1 and id = $2", thief.order)
    (await verify("--json")).only(f"order {thief.order}", what)


@pytest.mark.parametrize("table", ["order_list", "order_words"])
async def test_a_row_of_a_list_without_an_order(thief: Thief, verify: Any, table: str) -> None:
    columns = (
        "created_at, updated_at, amount, status, payment_status, customer_id, store_id"
        if table == "order_list"
        else "words"
    )
    await thief.run(
        f"insert into {table} (account_id, id, {columns}) select account_id, 'more', {columns} from {table} "
        "where account_id = $1 and id = $2",
        thief.order,
    )
    found = (await verify("--json")).only("order more", "the order")
    assert (found["expected"], found["found"]) == ("one: the list has it", "nothing")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("status = 'AUTHORIZED'", "status in the list"),
        ("amount = amount + 1", "amount in the list"),
        ("created_at = created_at + interval '1 microsecond'", "created_at in the list"),
        ("captured_at = null", "captured_at in the list"),
        ("refunded_at = refunded_at + interval '1 microsecond'", "refunded_at in the list"),
        ("labels = array_replace(labels, 'currency:NOK', 'currency:SEK')", "labels in the list"),
    ],
)
async def test_a_transaction_that_the_list_says_something_else_of(
    thief: Thief, verify: Any, change: str, what: str
) -> None:
    await thief.run(f"update transaction_list set {change} where account_id = $1 and id = $2", thief.transaction)
    (await verify("--json")).only(f"transaction {thief.transaction}", what)


@pytest.mark.parametrize("change", ["created_at = now()", "labels = labels[2:]"])
async def test_a_session_that_the_list_says_something_else_of(thief: Thief, verify: Any, change: str) -> None:
    await thief.run(f"update session_list set {change} where account_id = $1 and id = $2", thief.session)
    (await verify("--json")).only(f"session {thief.session}", f"{change.split()[0]} in the list")


@pytest.mark.parametrize("noun", ["transaction", "session"])
@pytest.mark.parametrize(("table", "what"), [("list", "its row in the list"), ("words", "what it is found by")])
async def test_a_payment_that_no_list_and_no_search_finds(
    thief: Thief, verify: Any, noun: str, table: str, what: str
) -> None:
    await thief.run(f"delete from {noun}_{table} where account_id = $1 and id = $2", getattr(thief, noun))
    (await verify("--json")).only(f"{noun} {getattr(thief, noun)}", what)


@pytest.mark.parametrize("noun", ["transaction", "session"])
async def test_a_row_of_a_list_without_a_payment(thief: Thief, verify: Any, noun: str) -> None:
    await thief.run(
        f"insert into {noun}_words (account_id, id, words, created_at) select account_id, 'more', words, created_at "
        f"from {noun}_words where account_id = $1 and id = $2",
        getattr(thief, noun),
    )
    found = (await verify("--json")).only(f"{noun} more", f"the {noun}")
    assert (found["expected"], found["found"]) == ("one: the list has it", "nothing")


# -- the ledger and the sandbox's books ------------------------------------------------------------------------------


async def test_a_deleted_posting(thief: Thief, verify: Any) -> None:
    capture = await thief.attempt("capture")
    await thief.run("delete from postings where account_id = $1 and id = $2", capture)
    verified = await verify("--json")
    found = verified.only(f"transaction {thief.transaction}", f"posting {capture}")
    assert (found["expected"], found["found"]) == ("capture 39800 NOK, authorized to captured", "nothing")
    verified.only(f"transaction {thief.transaction}", "ledger account captured")


@pytest.mark.parametrize(
    "change", ["amount = 1", "currency = 'SEK'", "debit = 'authorized', credit = 'captured'", "kind = 'void'"]
)
async def test_a_changed_posting(thief: Thief, verify: Any, change: str) -> None:
    refund = await thief.attempt("refund")
    await thief.run(f"update postings set {change} where account_id = $1 and id = $2", refund)
    (await verify("--json")).only(f"transaction {thief.transaction}", f"posting {refund}")


async def test_a_changed_authorization_whose_posting_or_movement_says_otherwise(
    thief: Thief, shop: Any, verify: Any
) -> None:
    changed = await shop.paid(configuration={"pre_authorization": True})
    await shop.adjust(changed, 50000)
    await shop.adjust(changed, 30000, final=True)
    assert (await verify("--json")).code == 0
    await thief.run("update postings set amount = 1 where account_id = $1 and kind = 'raise'")
    verified = await verify("--json")
    found = verified.only(f"transaction {changed}", "posting")
    assert (found["expected"], found["found"]) == (
        "raise 10200 NOK, customer to authorized", "raise 1 NOK, customer to authorized"
    )  # fmt: skip
    await thief.run("update postings set amount = 10200 where account_id = $1 and kind = 'raise'")
    await thief.run("update sandbox.movements set amount = 50001 where account_id = $1 and amount = 50000")
    found = (await verify("--json")).only(f"transaction {changed}", "movement")
    assert (found["expected"], found["found"]) == ("adjust 50000 NOK", "adjust 50001 NOK: done")


async def test_a_posting_that_nothing_caused(thief: Thief, verify: Any) -> None:
    await thief.run(
        "insert into postings select account_id, object_id, 'more', kind, debit, credit, 1, currency, created_at "
        "from postings where account_id = $1 and kind = 'refund'"
    )
    found = (await verify("--json")).only(f"transaction {thief.transaction}", "posting more")
    assert found["expected"] == "nothing"


@pytest.mark.parametrize("change", ["amount = 1", "currency = 'SEK'", "verb = 'void'", "outcome = 'lost'"])
async def test_a_changed_movement_in_the_sandboxs_books(thief: Thief, verify: Any, change: str) -> None:
    capture = await thief.attempt("capture")
    await thief.run(f"update sandbox.movements set {change} where account_id = $1 and attempt_id = $2", capture)
    (await verify("--json")).only(f"transaction {thief.transaction}", f"movement {capture}")


async def test_a_movement_that_is_gone_and_one_that_we_never_asked_for(thief: Thief, verify: Any) -> None:
    capture = await thief.attempt("capture")
    await thief.run("delete from sandbox.movements where account_id = $1 and attempt_id = $2", capture)
    (await verify("--json")).only(f"transaction {thief.transaction}", f"movement {capture}")
    await thief.run(
        "insert into sandbox.movements select account_id, $2, payment_id, 'capture', 39800, currency, outcome, "
        "created_at, data from sandbox.movements where account_id = $1 and verb = 'refund'",
        "twice",
    )
    verified = await verify("--json")
    assert verified.only(f"transaction {thief.transaction}", "movement twice")["found"] == "capture 39800 NOK: done"


async def test_a_payment_that_only_the_sandbox_knows(thief: Thief, verify: Any) -> None:
    await thief.run(
        "insert into sandbox.movements select account_id, 'a', 'stranger', verb, amount, currency, outcome, "
        "created_at, data from sandbox.movements where account_id = $1 and verb = 'refund'"
    )
    found = (await verify("--json")).only("transaction stranger", "the transaction")
    assert found["expected"] == "one: there are 0 log entries, 0 postings, 1 movements"


# -- the log ---------------------------------------------------------------------------------------------------------


async def test_a_changed_entry(thief: Thief, verify: Any) -> None:
    seq = await thief.entry("session.created")
    await thief.run("update log set data = replace(data, '39800', '39801') where account_id = $1 and seq = $2", seq)
    found = (await verify("--json")).only("seal 2", "an entry was changed")
    assert found["what"].startswith("hash of the 4 log entries after (1, ")
    assert not found["what"].endswith("or the seal")


@pytest.mark.parametrize(
    "change",
    ["id = id || 'x'", "type = 'session.expired'", "object_id = 'x'", "version = 2",
     "created_at = created_at + interval '1 microsecond'"],
)  # fmt: skip
async def test_every_member_of_an_entry_is_hashed(thief: Thief, verify: Any, change: str) -> None:
    seq = await thief.entry("session.created")
    await thief.run(f"update log set {change} where account_id = $1 and seq = $2", seq)
    (await verify("--json")).only("seal 2", "an entry was changed")


async def test_a_deleted_entry(thief: Thief, verify: Any) -> None:
    await thief.run("delete from log where account_id = $1 and seq = $2", await thief.entry("session.created"))
    found = (await verify("--json")).only("seal 2", "number of log entries after (1, ")
    assert (found["expected"], found["found"]) == ("4", "3")


async def test_a_deleted_entry_of_an_order_is_missed_by_the_order_too(thief: Thief, verify: Any) -> None:
    await thief.run("delete from log where account_id = $1 and seq = $2", await thief.entry("order.capture_added"))
    verified = await verify("--json")
    whats = {(each["object"], each["what"].split(" (")[0]) for each in verified.report["differences"]}
    assert ("seal 1", "number of log entries after") in whats
    assert (f"order {thief.order}", "log entry of version 3") in whats
    assert verified.objects == {"seal 1", f"order {thief.order}"}


async def test_a_deleted_entry_that_was_not_sealed_yet(thief: Thief, shop: Any, verify: Any) -> None:
    order = await shop.order()
    await thief.run("delete from log where account_id = $1 and object_id = $2", order.id)
    (await verify("--json")).only(f"order {order.id}", "log entry of version 1")


async def test_a_deleted_entry_of_a_transaction(thief: Thief, verify: Any) -> None:
    await thief.run("delete from log where account_id = $1 and seq = $2", await thief.entry("transaction.captured"))
    verified = await verify("--json")
    assert verified.objects == {"seal 2", f"transaction {thief.transaction}"}


async def test_an_inserted_entry(thief: Thief, verify: Any) -> None:
    await thief.run(
        "insert into log (account_id, epoch, xid, id, type, object_type, object_id, version, created_at, data) "
        "select account_id, epoch, xid, 'x', 'session.created', 'session', 'x', 1, created_at, data from log "
        "where account_id = $1 and seq = $2",
        await thief.entry("session.created"),
    )
    found = (await verify("--json")).only("seal 2", "number of log entries")
    assert (found["expected"], found["found"]) == ("4", "5")


async def test_two_entries_that_changed_places(thief: Thief, verify: Any) -> None:
    one, other = await thief.entry("order.created"), await thief.entry("draft.created")
    places = {}
    for seq in (one, other):
        places[seq] = await thief.raw.fetchval(
            "select xid from log where account_id = $1 and seq = $2", thief.account_id, seq
        )
    assert places[one] != places[other]
    for seq, place in ((one, places[other]), (other, places[one])):
        await thief.run("update log set xid = $3 where account_id = $1 and seq = $2", seq, place)
    (await verify("--json")).only("seal 1", "an entry was changed")


async def test_a_changed_seal_is_told_from_changed_entries(thief: Thief, verify: Any) -> None:
    await thief.run("update seals set hash = sha256(hash) where account_id = $1 and number = 2")
    (await verify("--json")).only("seal 2", "the seal was changed, the entries are as they were")


async def test_the_last_seal_changed(thief: Thief, verify: Any) -> None:
    await thief.run("update seals set hash = sha256(hash) where account_id = $1 and number = 3")
    (await verify("--json")).only("seal 3", "an entry was changed, or the seal")


async def test_a_chain_that_was_made_anew_is_betrayed_by_a_seal_that_was_written_down(
    thief: Thief, shop: Any, verify: Any
) -> None:
    tip = (await verify("--json")).report["seals"][0]
    anchor = f"{tip['account_id']}:{tip['number']}:{tip['hash']}"
    await shop.seal()
    assert (await verify("--anchor", anchor)).code == 0
    seq = await thief.entry("session.created")
    await thief.run("update log set data = replace(data, '39800', '39801') where account_id = $1 and seq = $2", seq)
    await thief.raw.execute("delete from seals where account_id = $1", thief.account_id)
    await shop.seal()
    assert (await verify()).code == 0
    (await verify("--json", "--anchor", anchor)).only("seal 3", "as it was written down")


async def test_a_seal_is_missing(thief: Thief, verify: Any) -> None:
    await thief.run("delete from seals where account_id = $1 and number = 2")
    (await verify("--json")).only("seal 2", "the hash chain")


async def test_a_seal_with_another_count(thief: Thief, verify: Any) -> None:
    await thief.run("update seals set entries = entries + 1 where account_id = $1 and number = 1")
    (await verify("--json")).only("seal 1", "number of log entries")


async def test_an_emptied_log(thief: Thief, verify: Any) -> None:
    await thief.raw.execute("delete from log where account_id = $1", thief.account_id)
    verified = await verify("--json")
    assert verified.code == 1
    assert {"seal 1", "seal 2", "seal 3"} <= verified.objects


async def test_entries_and_documents_that_are_no_json_are_differences_and_no_trace(thief: Thief, verify: Any) -> None:
    await thief.run(
        "update log set data = '{\"x' where account_id = $1 and seq = $2", await thief.entry("order.created")
    )
    for table, id in (("orders", thief.order), ("transactions", thief.transaction), ("sessions", thief.session)):
        await thief.run(f"update {table} set doc = 'gone' where account_id = $1 and id = $2", id)
    verified = await verify("--json")
    assert verified.code == 1, verified.err
    wanted = {f"order {thief.order}", f"transaction {thief.transaction}", f"session {thief.session}", "seal 1"}
    assert verified.objects == wanted


async def test_a_report_for_people_names_the_place_and_is_bounded(thief: Thief, shop: Any, verify: Any) -> None:
    for _ in range(120):
        await shop.order()
    await thief.raw.execute("update orders set status = 'closed' where account_id = $1", thief.account_id)
    verified = await verify()
    assert verified.code == 1
    first = rf"{thief.account_id}  order \S+\n    column status\n        expected  open\n        found     closed\n"
    assert re.match(first, verified.out)
    assert verified.out.count("column status") == 100
    assert "… and 23 more differences" in verified.out
    assert "123 differences: 123 in orders" in verified.out
