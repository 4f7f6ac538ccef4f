"""What a draft may say, and what it comes to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from kvitt.core.errors import Refusal
from kvitt.orders.model import DraftOptions, OrderContent
from kvitt.orders.rules.checks import check_addition, check_new
from kvitt.orders.rules.options import Numbering, numbering
from kvitt.orders.rules.refusals import ExceedsReversible, InvalidDraft, OrderFull

wire = msgspec.json.Encoder(decimal_format="number").encode


def tax(amount: int, percentage: float = 25) -> dict[str, Any]:
    return {"amount": amount, "percentage": percentage}


def test_totals_are_sums_over_the_lines_with_discounts_taken_off(kit):
    order = kit.draft(
        kit.line(1, 39800, discount_lines=[{"amount": 4000, "discount_type": "periodic"}]),
        kit.line(2, 24900, discount_lines=[{"amount": 900, "discount_type": "manual"}]),
        kit.line(3, 1000),
    ).draft.order
    assert (order.gross_amount, order.net_amount) == (65700, 60800)
    assert (order.total_discount, order.total_manual_discount_amount) == (4900, 900)
    assert [item.net_amount for item in order.items] == [35800, 24000, 1000]


def test_a_reversal_line_and_the_line_it_takes_back_come_to_nothing(kit):
    order = kit.draft(
        kit.line(1, 39800, discount_lines=[{"amount": 4000}]),
        kit.reversal(2, -39800, of=1, discount_lines=[{"amount": -4000}]),
    ).draft.order
    assert (order.gross_amount, order.net_amount, order.total_discount) == (0, 0, 0)


def test_net_amount_and_quantity_are_filled_in_and_kept_when_given(kit):
    left_out, given = kit.draft(kit.line(1, 100), kit.line(2, 100, net_amount=70, quantity=3)).draft.order.items
    assert (left_out.net_amount, left_out.quantity) == (100, Decimal(1))
    assert (given.net_amount, given.quantity) == (70, Decimal(3))
    assert b'"quantity":1' in wire(left_out)


@pytest.mark.parametrize("number", ["25", "25.5", "0", "24.99", "0.1"])
def test_percentages_come_back_as_the_numbers_they_were_sent_as(number):
    sent = f'{{"line_id":1,"id":"a","gross_amount":9,"tax_lines":[{{"amount":1,"percentage":{number}}}]}}'
    content = msgspec.json.decode(f'{{"currency":"NOK","items":[{sent}]}}', type=OrderContent)
    kept = msgspec.json.decode(msgspec.json.encode(content), type=OrderContent)
    assert f'"percentage":{number}}}'.encode() in wire(kept)


BAD_LINES: list[tuple[str, list[dict[str, Any]], str]] = [
    ("the same line_id twice", [{"line_id": 1}, {"line_id": 1}], "order.items.0.line_id"),
    ("negative on an ordinary line", [{"gross_amount": -5}], "order.items.0.gross_amount"),
    ("a quantity of nothing", [{"quantity": 0}], "order.items.0.quantity"),
    ("a negative quantity", [{"quantity": -1}], "order.items.0.quantity"),
    ("a discount beyond the line", [{"discount_lines": [{"amount": 101}]}], "order.items.0.discount_lines.0.amount"),
    (
        "discounts that are together beyond the line",
        [{"discount_lines": [{"amount": 60}, {"amount": 60}]}],
        "order.items.0.discount_lines",
    ),
    ("a negative discount", [{"discount_lines": [{"amount": -1}]}], "order.items.0.discount_lines.0.amount"),
    ("net above gross", [{"net_amount": 101}], "order.items.0.net_amount"),
    ("net of the other sign", [{"net_amount": -1}], "order.items.0.net_amount"),
    ("tax of the other sign", [{"tax_lines": [tax(-25)]}], "order.items.0.tax_lines.0.amount"),
    ("a negative percentage", [{"tax_lines": [tax(0, -1)]}], "order.items.0.tax_lines.0.percentage"),
    ("a reversal of no line", [{"related_item": {"line_id": 9}}], "order.items.0.related_item.line_id"),
    ("a line related to itself", [{"related_item": {"line_id": 1}}], "order.items.0.related_item.line_id"),
]


@pytest.mark.parametrize(("lines", "path"), [row[1:] for row in BAD_LINES], ids=[row[0] for row in BAD_LINES])
def test_a_line_that_contradicts_itself_is_refused_by_its_path(kit, lines, path):
    sent = [kit.line(index, 100) | line for index, line in enumerate(lines, start=1)]
    with pytest.raises(InvalidDraft) as refused:
        check_new(kit.draft(*sent).draft)
    assert path in [fault.path for fault in refused.value.problems]


def test_every_fault_of_a_draft_is_named_at_once(kit):
    with pytest.raises(InvalidDraft) as refused:
        kit.draft(kit.line(1, -100), kit.line(2, 100, quantity=0), currency="ABC")
    paths = {fault.path for fault in refused.value.problems}
    assert paths == {"order.currency", "order.items.0.gross_amount", "order.items.1.quantity"}


BAD_OPTIONS: list[tuple[str, dict[str, Any] | None, str | None, str]] = [
    ("a replacement of nothing", {"replace": "order"}, None, "options.replace"),
    ("an existing order, split", {"order_id": "B", "split_draft": True}, None, "options.split_draft"),
    ("an existing order that ends", {"order_id": "B", "order_time_to_live": 60}, None, "options.order_time_to_live"),
    (
        "an existing order and a series",
        {"order_id": "B", "serial_order_number_suffix": "-A"},
        None,
        "options.serial_order_number_suffix",
    ),
    (
        "a series and a generated number",
        {"serial_order_number_suffix": "-A", "generate_order_id": "ALPHANUMERIC_9"},
        None,
        "options.generate_order_id",
    ),
    ("own number and a series", {"serial_order_number_suffix": "-A"}, "A-1", "options.serial_order_number_suffix"),
    (
        "a suffix that begins as a number",
        {"serial_order_number_suffix": "1A"},
        None,
        "options.serial_order_number_suffix",
    ),
    ("a suffix with a colon", {"serial_order_number_suffix": "A:1"}, None, "options.serial_order_number_suffix"),
    (
        "one number reserved for several orders",
        {"split_draft": True, "generate_order_id": "ALPHANUMERIC_9_RESERVE"},
        None,
        "options.generate_order_id",
    ),
    ("own number without split_draft", None, "A-1", "options.split_draft"),
    ("own number with split_draft", {"split_draft": None}, "A-1", "options.split_draft"),
    (
        "own number and a generated one",
        {"split_draft": False, "generate_order_id": "ALPHANUMERIC_9"},
        "A-1",
        "options.generate_order_id",
    ),
    ("own number and an existing order", {"order_id": "B"}, "A-1", "order.order_id"),
    ("own number with a space at its end", {"split_draft": False}, "A-1 ", "order.order_id"),
    ("own number with a line break", {"split_draft": False}, "A\n1", "order.order_id"),
]


@pytest.mark.parametrize(
    ("options", "number", "path"), [row[1:] for row in BAD_OPTIONS], ids=[row[0] for row in BAD_OPTIONS]
)
def test_options_that_cannot_be_followed_are_refused_by_their_path(kit, options, number, path):
    with pytest.raises(InvalidDraft) as refused:
        kit.draft(kit.line(1, 100), options=options, **({"order_id": number} if number else {}))
    assert path in [fault.path for fault in refused.value.problems]


def test_the_number_comes_from_one_place():
    def source(own: str | None = None, **options: Any) -> Numbering:
        return numbering(own, DraftOptions(**options) if options else None)

    assert source() is Numbering.ITS_OWN_ID
    assert source("A-1", split_draft=False) is Numbering.CALLER
    assert source(generate_order_id="ALPHANUMERIC_9") is Numbering.ON_COMPLETION
    assert source(generate_order_id="ALPHANUMERIC_9_RESERVE") is Numbering.RESERVED
    assert source(serial_order_number_suffix="-A") is Numbering.SERIAL
    assert source(order_id="B", generate_order_id="ALPHANUMERIC_9_RESERVE") is Numbering.EXISTING_ORDER


# -- lines added to an order that exists ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "refusal", "path"),
    [
        ({"lines": [(1, 100, None)]}, InvalidDraft, "order.items.0.line_id"),
        ({"lines": [(2, -100, 9)]}, InvalidDraft, "order.items.0.related_item.line_id"),
        ({"lines": [(2, -1001, 1)]}, ExceedsReversible, "order.items.0.gross_amount"),
        ({"lines": [(2, -600, 1), (3, -401, 1)]}, ExceedsReversible, "order.items.1.gross_amount"),
        ({"lines": [(2, -1001, None)]}, ExceedsReversible, "order.items"),
        ({"lines": [(2, 1, None)], "multiple": True}, InvalidDraft, "options.multiple_authorizations"),
    ],
)
def test_what_cannot_be_added_to_an_order_is_refused(kit, change, refusal, path):
    record = kit.order(kit.line(1, 1000))
    lines = [
        kit.line(id, amount) if amount > 0 else kit.reversal(id, amount, of=target)
        for id, amount, target in change["lines"]
    ]
    options = {"multiple_authorizations": True} if change.get("multiple") else None
    with pytest.raises(refusal) as refused:
        kit.add(record, *lines, options=options)
    assert refused.value.problems[0].path == path


def test_another_currency_cannot_be_added(kit):
    record = kit.order(kit.line(1, 1000))
    added = kit.draft(kit.line(2, 1000), currency="SEK").draft.order
    with pytest.raises(InvalidDraft) as refused:
        check_addition(record, added, None)
    assert refused.value.problems[0].path == "order.currency"


def test_a_line_is_taken_back_once_however_it_is_split(kit):
    record = kit.order(kit.line(1, 1000), kit.line(2, 5000))
    record = kit.add(record, kit.reversal(3, -600, of=1))
    record = kit.add(record, kit.reversal(4, -400, of=1))
    with pytest.raises(ExceedsReversible) as refused:
        kit.add(record, kit.reversal(5, -1, of=1))
    assert refused.value.problems[0].details == {"line_id": 1, "requested": -1, "left": 0}


def test_a_reversal_cannot_itself_be_taken_back(kit):
    record = kit.add(kit.order(kit.line(1, 1000)), kit.reversal(2, -1000, of=1))
    with pytest.raises(InvalidDraft):
        kit.add(record, kit.line(3, 1000), kit.reversal(4, -1000, of=2))


def test_refunded_and_cancelled_money_cannot_be_taken_back_as_well(kit):
    from kvitt.orders.model import Verb

    record = kit.after(
        kit.order(kit.line(1, 1000), kit.line(2, 1000)),
        (Verb.AUTHORIZE, (1, 1000), (2, 1000)),
        (Verb.CAPTURE, (1, 1000)),
        (Verb.REFUND, (1, 300)),
        (Verb.CANCEL, (2, 900)),
    )
    kit.add(record, kit.reversal(3, -700, of=1), kit.reversal(4, -100, of=2))
    for target, amount in ((1, -701), (2, -101)):
        with pytest.raises(ExceedsReversible):
            kit.add(record, kit.reversal(3, amount, of=target))


def test_a_draft_needs_an_item_to_be_completed_and_a_total_that_is_not_negative(kit):
    with pytest.raises(InvalidDraft) as refused:
        kit.order()
    assert refused.value.problems[0].path == "order.items"
    with pytest.raises(InvalidDraft) as refused:
        kit.order(kit.reversal(1, -100))
    assert refused.value.problems[0].path == "order.items"


def test_a_refusal_is_an_answer_for_the_wire(kit):
    with pytest.raises(Refusal) as refused:
        kit.order()
    assert (refused.value.status, refused.value.code) == (400, "INVALID_REQUEST_PARAMETER")


def test_an_order_takes_ten_thousand_lines_and_says_so(kit):
    record = kit.order(*[kit.line(n, 1) for n in range(1000)])
    for start in range(1000, 10_000, 1000):
        record = kit.add(record, *[kit.line(n, 1) for n in range(start, start + 1000)])
    assert (len(record.order.items), record.order.net_amount) == (10_000, 10_000)
    with pytest.raises(OrderFull, match="at most 10000 lines"):
        kit.add(record, kit.line(10_000, 1))
