"""Lists with a table of their own: written with the document, found by words, never another account's."""

from __future__ import annotations

import asyncio
import itertools
import random
from datetime import timedelta

import pytest
from msgspec import structs
from tests.store.conftest import NOW

from kvitt.core.change import Change
from kvitt.core.errors import Conflict, Unavailable
from kvitt.store import Selection, Word, pages
from kvitt.store.line import Line, Lines
from kvitt.store.listing import LISTING


async def _found(store, shelf, **selection) -> list[str]:
    return [row.doc.id for row in await store.page(shelf.kind, shelf.account_id, Selection(**selection), 100)]


def _by(*words: str, prefix: bool = False):
    return {"words": tuple((Word(word, prefix),) for word in words)}


async def test_a_change_that_goes_alone_is_listed_and_found(store, shelf):
    await store.commit(Change(puts=(shelf.put("a", note="kari oslo"),)))
    assert await _found(store, shelf) == ["a"]
    assert await _found(store, shelf, **_by("kari")) == ["a"]
    assert await _found(store, shelf, **_by("kar", prefix=True)) == ["a"]
    assert await _found(store, shelf, **_by("kar")) == []
    assert await _found(store, shelf, **_by("kari", "bergen")) == []
    assert await _found(store, shelf, words=((Word("bergen"), Word("oslo")),)) == ["a"]


async def test_changes_that_go_together_are_listed_and_found(store, shelf):
    puts = [shelf.put(f"p{n}", note=f"word{n}", count=n, created_at=NOW + timedelta(n)) for n in range(40)]
    await asyncio.gather(*(store.commit(Change(puts=(put,))) for put in puts))
    assert await _found(store, shelf) == [f"p{n}" for n in reversed(range(40))]
    assert await _found(store, shelf, **_by("word7")) == ["p7"]
    assert await _found(store, shelf, sort="amount", descending=False, least={"amount": 38}) == ["p38", "p39"]
    assert await store.count(shelf.kind, shelf.account_id, Selection(**_by("word", prefix=True))) == 40


async def test_a_page_ends_with_the_document_that_makes_it_large_enough(store, shelf):
    await store.commit(Change(puts=tuple(shelf.put(f"p{n}", note="x" * 100) for n in range(10))))
    (first,) = await store.page(shelf.kind, shelf.account_id, Selection(), 10, 1)
    for size, rows in ((0, 1), (first.size, 1), (first.size + 1, 2), (4 * first.size, 4), (99 * first.size, 10)):
        assert len(await store.page(shelf.kind, shelf.account_id, Selection(), 10, size)) == rows


async def test_every_order_of_a_list_under_every_bound_is_what_sorting_them_all_would_give(store, shelf):
    chance = random.Random(7)  # noqa: S311
    made = []
    for n in range(300):
        created = NOW + timedelta(hours=chance.randrange(2000))
        lag = chance.choice(
            [timedelta(0), timedelta(hours=5), timedelta(2), timedelta(2, 1), timedelta(30), timedelta(70)]
        )
        made.append(shelf.parcel(f"p{n}", created_at=created, updated_at=created + lag, count=chance.randrange(20)))
    await store.commit(Change(puts=tuple(shelf.kind.put(shelf.account_id, parcel.id, parcel) for parcel in made)))
    columns = {"created_at": lambda p: p.created_at, "updated_at": lambda p: p.updated_at, "amount": lambda p: p.count}
    bounds = [
        {},
        *({column: NOW + timedelta(days)} for column in ("created_at", "updated_at") for days in (0, 20, 60, 200)),
    ]
    for least, most, (sort, key), descending in itertools.product(bounds, bounds, columns.items(), (True, False)):
        wanted = [
            parcel
            for parcel in made
            if all(columns[c](parcel) >= bound for c, bound in least.items())
            and all(columns[c](parcel) <= bound for c, bound in most.items())
        ]
        wanted.sort(key=lambda p: (key(p), p.id), reverse=descending)
        selection = Selection(least=least, most=most, sort=sort, descending=descending)
        page = await store.page(shelf.kind, shelf.account_id, selection, 20)
        assert [row.doc.id for row in page] == [parcel.id for parcel in wanted[:20]], selection
        if len(wanted) > 20:
            place = (key(wanted[19]), wanted[19].id)
            page = await store.page(shelf.kind, shelf.account_id, structs.replace(selection, after=place), 20)
            assert [row.doc.id for row in page] == [parcel.id for parcel in wanted[20:40]], selection


@pytest.mark.parametrize("few", [5_000, 3])
async def test_the_beginning_of_a_word_finds_the_same_however_many_have_it(store, shelf, few, monkeypatch):
    """More documents than are looked at one by one, or sorted: of words that most of them have, some, a few, none."""
    monkeypatch.setattr(pages, "NEAR", 10)
    monkeypatch.setattr(pages, "FOUND", few)
    made = [
        shelf.parcel(f"p{n:04}", count=n, note=f"all{n} {'half' * (n % 2)}{n} {'few' * (n % 100 == 99)}{n}")
        for n in range(600)
    ]
    await store.commit(Change(puts=tuple(shelf.kind.put(shelf.account_id, parcel.id, parcel) for parcel in made)))
    for word, wanted in (
        ("al", made),
        ("hal", made[1::2]),
        ("fe", made[99::100]),
        ("no", []),
        ("few399", made[399:400]),
    ):
        selection = Selection(**_by(word, prefix=True), sort="amount", descending=False)
        seen: list[str] = []
        while page := await store.page(shelf.kind, shelf.account_id, selection, 30):
            seen += [row.doc.id for row in page]
            selection = structs.replace(selection, after=(page[-1].doc.count, page[-1].doc.id))
        assert seen == [parcel.id for parcel in wanted], word
        assert await store.count(shelf.kind, shelf.account_id, Selection(**_by(word, prefix=True))) == len(wanted)


@pytest.mark.parametrize(("near", "far", "few"), [(100, 1000, 5000), (1, 2, 3), (1, 2, 5000), (1, 50, 3), (3, 5, 40)])
async def test_columns_labels_and_words_together_leave_the_same_wherever_the_page_is_found(
    store, shelf, monkeypatch, near, far, few
):
    for name, value in (
        ("NEAR", near),
        ("FAR", far),
        ("FAR_IN_TIME", far),
        ("FEW", few),
        ("FOUND", few),
        ("BOTH", few),
    ):
        monkeypatch.setattr(pages, name, value)
    made = [
        shelf.parcel(
            f"p{n:04}",
            created_at=NOW + timedelta(hours=n % 97),
            status="open" if n % 7 else "closed",
            count=n * 31 % 101,
            note=f"a:{n % 3} b:{n % 50} word{n % 11} all",
        )
        for n in range(400)
    ]
    await store.commit(Change(puts=tuple(shelf.kind.put(shelf.account_id, parcel.id, parcel) for parcel in made)))
    columns = [
        {},
        {"among": {"status": ["closed"]}},
        {"among": {"status": ["open", "closed"]}, "least": {"amount": 50}},
    ]
    labels = [(), (("a:1",),), (("a:0", "a:2"), ("b:7", "b:8", "b:9")), (("b:77",),)]
    words = [(), ((Word("word3"),),), ((Word("wor", prefix=True),), (Word("all"),))]
    keys = {"created_at": lambda p: p.created_at, "amount": lambda p: p.count}
    for filters, groups, found, (sort, key), descending in itertools.product(
        columns, labels, words, keys.items(), (True, False)
    ):
        wanted = [parcel for parcel in made if _passes(parcel, filters, groups, found)]
        wanted.sort(key=lambda p: (key(p), p.id), reverse=descending)
        asked = Selection(**filters, labels=groups, words=found, sort=sort, descending=descending)
        page = await store.page(shelf.kind, shelf.account_id, asked, 10)
        assert [row.doc.id for row in page] == [parcel.id for parcel in wanted[:10]], asked
        if len(wanted) > 10:
            behind = structs.replace(asked, after=(key(wanted[9]), wanted[9].id))
            page = await store.page(shelf.kind, shelf.account_id, behind, 10)
            assert [row.doc.id for row in page] == [parcel.id for parcel in wanted[10:20]], behind
        assert await store.count(shelf.kind, shelf.account_id, asked) == len(wanted), asked


def _passes(parcel, filters, labels, words) -> bool:
    has = parcel.note.split()
    return (
        parcel.status in filters.get("among", {}).get("status", [parcel.status])
        and parcel.count >= filters.get("least", {}).get("amount", 0)
        and all(any(label in has for label in group) for group in labels)
        and all(
            any(w == word.text or (word.prefix and w.startswith(word.text)) for word in group for w in has)
            for group in words
        )
    )


async def test_a_search_by_the_beginning_of_a_word_finds_no_label(store, shelf):
    await store.commit(Change(puts=(shelf.put("a", note="color:red word"),)))
    assert await _found(store, shelf, labels=(("color:red",),)) == ["a"]
    for begin in ("color", "c", "color:red"):
        assert await _found(store, shelf, **_by(begin, prefix=True)) == []
    # What finds many is looked for among them near by, what finds few among words: neither must find a label.
    assert await store.count(shelf.kind, shelf.account_id, Selection(**_by("color", prefix=True))) == 0


async def test_a_list_that_takes_too_long_is_refused_for_now(database_url):
    lines = Lines([Line(database_url, {**LISTING, "statement_timeout": "50ms"})])
    with pytest.raises(Unavailable, match="took too long"):
        await lines.run(lambda connection: connection.fetch("select pg_sleep(20)"))
    assert await lines.run(lambda connection: connection.fetchval("select 1")) == 1
    await lines.close()


async def test_who_waits_too_long_for_a_turn_is_told_so(database_url):
    lines, go_on = Lines([Line(database_url, LISTING)]), asyncio.Event()
    busy = asyncio.create_task(lines.run(lambda _: go_on.wait()))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="busy"):
        await lines.run(lambda connection: connection.fetchval("select 1"), patience=0.05)
    go_on.set()
    await busy
    assert await lines.run(lambda connection: connection.fetchval("select 1")) == 1
    await lines.close()


async def test_a_changed_document_is_listed_as_it_is_now(store, shelf):
    await store.commit(Change(puts=(shelf.put("a", note="kari"),)))
    await store.commit(Change(puts=(shelf.put("a", 1, note="ola", status="closed"),)))
    assert await _found(store, shelf, **_by("kari")) == []
    assert await _found(store, shelf, **_by("ola"), among={"status": ["closed"]}) == ["a"]
    assert await _found(store, shelf, among={"status": ["open"]}) == []


async def test_words_that_stay_the_same_need_not_be_said(store, shelf):
    await store.commit(Change(puts=(shelf.put("a", note="kari"),)))
    changed = shelf.kind.put(shelf.account_id, "a", shelf.parcel("a", count=5), 1, same_words=True)
    assert changed.words is None
    await store.commit(Change(puts=(changed,)))
    assert await _found(store, shelf, **_by("kari"), least={"amount": 5}) == ["a"]


async def test_a_change_that_is_refused_changes_no_list(store, shelf):
    await store.commit(Change(puts=(shelf.put("a", note="kari"),)))
    stale = Change(puts=(shelf.put("a", 7, note="ola", count=9),))
    with pytest.raises(Conflict):
        await store.commit(stale)
    outcomes = await asyncio.gather(
        *(store.commit(Change(puts=(shelf.put(f"b{n}"),))) for n in range(20)),
        store.commit(stale),
        return_exceptions=True,
    )
    assert isinstance(outcomes[-1], Conflict)
    assert outcomes[:-1] == [None] * 20
    assert await _found(store, shelf, **_by("ola")) == []
    assert await _found(store, shelf, **_by("kari"), most={"amount": 0}) == ["a"]


async def test_nobody_finds_another_accounts_documents(store, shelf, account_id):
    other = type(shelf)(f"P{account_id[1:]}")
    await store.commit(Change(puts=(shelf.put("a", note="kari"), other.put("b", note="kari"))))
    assert await _found(store, shelf, **_by("kari")) == ["a"]
    assert await _found(store, other, **_by("k", prefix=True)) == ["b"]
    assert await _found(store, shelf, **_by(f"kari' | '{other.account_id} kari")) == []


async def test_a_document_without_a_status_is_in_no_list(store, shelf):
    await store.commit(Change(puts=(shelf.put("a", note="kari"), shelf.put("b", status=None, note="kari"))))
    assert await _found(store, shelf) == ["a"]
    assert await _found(store, shelf, **_by("kari")) == ["a"]


@pytest.mark.parametrize("word", ["it's", "a\\b", "a & b", "(", "!a", "a:*", "'", "''", "\\'", "é", "日本", "a" * 100])
async def test_nothing_in_a_word_is_an_operator(store, shelf, word):
    put = shelf.put("a")
    put = structs.replace(put, words=(word, "other"))
    await store.commit(Change(puts=(put, shelf.put("b", note="x"))))
    assert await _found(store, shelf, **_by(word)) == ["a"]
    assert await _found(store, shelf, **_by(word, prefix=True)) == ["a"]


async def test_what_no_text_can_hold_is_left_out_of_the_words(store, shelf):
    put = shelf.put("a")
    put = structs.replace(put, words=("a\0b", "c\x1fd", "kari"))
    await store.commit(Change(puts=(put,)))
    assert await _found(store, shelf, **_by("kari")) == ["a"]
    assert await _found(store, shelf, **_by("c")) == []
