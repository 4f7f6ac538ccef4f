"""What an order is found by."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvitt.core.words import LONGEST, asked_words
from kvitt.orders.model import OrderRecord
from kvitt.orders.model.kept import ORDERS
from kvitt.orders.model.updates import OrderUpdate
from kvitt.orders.model.words import LONGEST_VALUE, MAX_LABELS, MAX_WORDS, label, labels_of, words_of
from kvitt.orders.rules.removal import removed_order
from kvitt.orders.rules.updates import updated

UUID = "0b0e5a52-4f0b-4a58-9d6f-0b4a7c2a6f10"


def numbered(record: OrderRecord, id: str, number: str) -> OrderRecord:
    return msgspec.structs.replace(record, order=msgspec.structs.replace(record.order, id=id, order_id=number))


@pytest.fixture
def order(kit):
    """An order of a chair and what else is said of it."""

    def made(*lines: dict[str, Any], **members: Any) -> OrderRecord:
        record = kit.completed(kit.draft(*(lines or (kit.line(1, 100, description="Stacking chair"),)), **members))
        return numbered(record, UUID, "7KQ4M2XTB")

    return made


def finds(record: OrderRecord, query: str) -> bool:
    words = words_of(record)
    return all(any(word.startswith(begin) for word in words for begin in group) for group in asked_words(query))


FOUND_BY: dict[str, dict[str, Any]] = {
    "Nordmann": {"customer": {"last_name": "Nordmann"}},
    "kari": {"customer": {"first_name": "Kari"}},
    "c-4711": {"customer": {"id": "c-4711"}},
    "c-4712": {"customer": {"customer_id": "c-4712"}},
    "kari@exa": {"customer": {"email": "Kari@example.org"}},
    "91234567": {"customer": {"phone_number": "+4791234567"}},
    "Møbler": {"customer": {"company": {"bussiness_name": "Møbler AS"}}},
    "Stoler": {"customer": {"company": {"business_name": "Stoler AS"}}},
    "987654321": {"customer": {"company": {"organization_number": "987654321"}}},
    "ola": {"shipping_address": {"first_name": "Ola"}},
    "0155 oslo": {"shipping_address": {"postal_code": "0155", "postal_place": "Oslo"}},
    "tromso": {"billing_address": {"postal_place": "Tromsø"}},
    "98765432": {"billing_address": {"phone_number": "98765432"}},
    "PMS-77": {"external_ids": {"pms": "PMS-77"}},
    "PMS-78": {"external_ids": [{"source": "pms", "id": "PMS-78"}]},
    "4242": {"external_ids": {"deep": [[{"er": 4242}]]}},
    "tickets/81": {"external_links": [{"href": "https://example.org/tickets/81"}]},
}


@pytest.mark.parametrize("query", FOUND_BY)
def test_an_order_is_found_by(order, query):
    assert finds(order(**FOUND_BY[query]), query)
    assert not finds(order(), query)


def test_an_order_is_found_by_its_numbers_and_its_lines(kit, order):
    record = order(kit.line(1, 100, id="sku-12", external_id="EXT9", description="Blå stol"))
    for query in (
        "7KQ4M2XTB",
        "7kq4",
        UUID,
        UUID[:8],
        UUID[:15],
        UUID.upper(),
        "sku-12",
        "ext9",
        "bla stol",
        "stol bl",
    ):
        assert finds(record, query), query
    assert not finds(record, "tol")


def test_removed_orders_are_found_by_nothing_and_listed_by_nothing(kit, order):
    gone = removed_order(order(customer={"id": "c"}, itinerary=[{"travel_mode": "BUS"}]), version=2, now=kit.now)
    put = ORDERS.put("T1", UUID, gone)
    assert put.listed == (kit.now, kit.now, 0, *(None,) * 4, ())
    assert put.words == ()


def test_an_order_is_listed_by_its_columns(kit, order):
    record = order(customer={"customer_id": "c"}, store={"id": "s"})
    assert ORDERS.put("T1", UUID, record).listed == (
        kit.now,
        kit.now,
        100,
        "open",
        "pending",
        "c",
        "s",
        labels_of(record),
    )
    both = order(customer={"id": "a", "customer_id": "b"})
    assert ORDERS.put("T1", UUID, both).listed[5:7] == ("a", None)


def test_a_change_that_leaves_the_words_leaves_the_labels(kit, order):
    put = ORDERS.put("T1", UUID, order(), 1, same_words=True)
    assert put.words is None
    assert put.listed[-1] is None
    assert ORDERS.put("T1", UUID, order(), 1, same_list=True).listed == ()


def test_labels_are_among_what_an_order_is_found_by(order):
    record = order(itinerary=ITINERARY)
    words = ORDERS.put("T1", UUID, record).words
    assert words == (*(f":{label}" for label in labels_of(record)), *words_of(record))


ITINERARY = [
    {
        "travel_mode": "CUSTOM",
        "departure_address": {"id": "NSR:1", "name": "Oslo S", "address_line": "Jernbanetorget  1", "country": "NO"},
        "arrival_address": {"name": "Åndalsnes", "postal_place": "Rauma", "external_ids": {"x": "y"}},
    },
    {"travel_mode": "Bus", "arrival_address": "Molde"},
]


def test_an_order_has_the_labels_of_its_filters(kit, order):
    discounts = [{"amount": 1, "discount_type": "Periodic"}, {"amount": 1, "discount_type": "manual"}]
    record = order(kit.line(1, 100, discount_lines=discounts), itinerary=ITINERARY)
    labels = set(labels_of(record))
    assert labels == {
        "order_id:7KQ4M2XTB",
        f"order_id:{UUID}",
        "discount_type:periodic",
        "discount_type:manual",
        "travel_mode:custom",
        "travel_mode:bus",
        "departure:nsr:1",
        "departure:oslo s",
        "departure:jernbanetorget 1",
        "arrival:andalsnes",
        "arrival:rauma",
        "arrival:molde",
    }
    assert label("departure", "JERNBANETORGET 1") in labels


def test_long_values_keep_labels_of_their_own():
    long = ["x" * 254 + "a", "x" * 254 + "b", "x" * 255]
    labels = {label("arrival", value) for value in long} | {label("order_id", value[:100]) for value in long}
    assert len(labels) == 4
    assert all(len(text) <= LONGEST for text in labels)


def test_of_a_thousand_lines_the_order_s_own_words_are_kept(kit, order):
    lines = [kit.line(n, 100, description=f"word{n} " * 200) for n in range(1, 1001)]
    legs = [{"arrival_address": {"name": f"place {n}"}} for n in range(1000)]
    record = order(*lines, customer={"last_name": "Nordmann"}, itinerary=legs)
    assert len(words_of(record)) == MAX_WORDS
    for query in ("7KQ4M2XTB", "nordmann", "sku-1", "word1", UUID):
        assert finds(record, query)
    assert len(labels_of(record)) == MAX_LABELS
    assert "arrival:place 0" in labels_of(record)


def test_an_update_changes_what_an_order_is_found_by(kit, order):
    before = order(external_ids={"pms": "one"})
    after = updated(before, OrderUpdate(external_ids={"pms": "two"}), {}, now=kit.now, version=2)
    assert (finds(before, "one"), finds(after, "two"), finds(after, "one")) == (True, True, False)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=300),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.text(max_size=5)
            | st.sampled_from(["travel_mode", "arrival_address", "departure_address", "id", "name", "address_line"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@given(itinerary=JSON, external=JSON, name=st.text(max_size=255), type=st.text(max_size=255))
def test_whatever_an_order_holds_its_words_are_few_short_and_once_each(kit, itinerary, external, name, type):
    line = kit.line(1, 100, description=name, discount_lines=[{"amount": 1, "discount_type": type}])
    record = kit.completed(
        kit.draft(line, itinerary=itinerary, external_ids=external, customer={"last_name": name, "email": type})
    )
    words = words_of(record)
    labels = labels_of(record)
    assert (labels, words) == (labels_of(record), words_of(record))
    assert len(words) == len(set(words)) <= MAX_WORDS
    assert len(labels) == len(set(labels)) <= MAX_LABELS
    assert all(1 <= len(word) <= LONGEST for word in labels + words)
    assert all(":" in word for word in labels)
    assert not any(":" in word for word in words)


def test_nothing_is_too_deep_too_wide_or_too_long_to_be_looked_at(order):
    deep: Any = "x"
    for _ in range(5000):
        deep = {"arrival_address": [deep]}
    wide = [{"name": str(n)} for n in range(100_000)]
    for value in (deep, wide, "x" * 1_000_000, {"departure_address": wide}):
        record = order(itinerary=value, external_ids=value, external_links=value)
        assert len(words_of(record)) <= MAX_WORDS
        assert len(labels_of(record)) <= MAX_LABELS


def test_letters_that_unfold_to_many_are_not_unfolded_by_the_hundred_thousand(kit, order, monkeypatch):
    unfolded: list[int] = []

    def watched(form: str, text: str) -> str:
        unfolded.append(len(text))
        return text

    monkeypatch.setattr("kvitt.core.words.normalize", watched)
    junk = ["".join(map(chr, range(0x1F300 + n, 0x1F300 + n + 200))) for n in range(1000)]
    lines = [kit.line(n, 100, id="-", description=text) for n, text in enumerate(junk, 1)]
    modes = [{"travel_mode": text} for text in junk]
    record = order(*lines, itinerary=[{"travel_mode": "\ufdfa" * 300_000}, *modes])
    labels_of(record)
    words_of(record)
    assert sum(unfolded) < 200_000


def test_a_value_that_no_filter_can_ask_for_has_no_label(order):
    legs = [{"travel_mode": "x" * (LONGEST_VALUE + 1)}, {"travel_mode": "x" * LONGEST_VALUE}]
    labels = [word for word in labels_of(order(itinerary=legs)) if word.startswith("travel_mode:")]
    assert labels == [label("travel_mode", "x" * LONGEST_VALUE)]
