"""The SQL of lists, made from what a Selection asks for.

Where a table has a list, a page is found in that alone, and the documents are fetched for its rows. Nobody knows how
many rows filters leave together, and whether they come early in the order of the list; the planner guesses, and a wrong
guess reads a million rows for a page. So a page under filters is looked for where that costs little, whatever they are:
near by in the order (`near_query` meets what is common), then among few (`few_query` sorts what is rare), and only at
last as the planner thinks best (`page_query`).
"""

# ruff: noqa: S608 -- the text is made of our own table and column names alone; values are parameters

from __future__ import annotations

from itertools import count

import msgspec

from kvitt.store.tables import TABLES, Listing


class Shape(msgspec.Struct, frozen=True):
    """What of a Selection its query is made of. `equal`: columns that may hold one text. `labels`: groups of them."""

    table: str
    equal: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    least: tuple[str, ...] = ()
    most: tuple[str, ...] = ()
    labels: int = 0
    words: bool = False
    sort: str = "created_at"
    descending: bool = True
    after: bool = False


NEAR = 100
"""Rows that are looked at for each that is asked for."""
FEW, FEW_FOUND = 2_000, 10_000
"""Rows that are fetched and sorted, by columns alone and by words: the more the planner errs, the more are worth it."""


def page_query(shape: Shape) -> str:
    """$1 is the account, then the values of the filters in the order of Shape (labels and words are one value), the
    place to go on from, the limit."""
    where, n, bounds = _where(shape)
    if shape.after:
        where += f" and {_behind(shape, n)}"
        n += 2
    order = f"{_order(shape)} limit ${n}"
    if TABLES[shape.table].listing is None:
        return f"select l.version, l.doc from {_from(shape)} where {where} {order}"
    columns = f"l.account_id, l.id, l.{shape.sort}"
    pages = [f"select {columns} from {_from(shape)} where {w} {order}" for w in _by_lag(shape, where, bounds)]
    page = pages[0] if len(pages) == 1 else " union all ".join(f"({page})" for page in pages)
    return (
        f"select d.version, d.doc from ({page}) l "
        f"join {shape.table} d on d.account_id = l.account_id and d.id = l.id {order}"
    )


def near_query(shape: Shape) -> str:
    """The page as far as it lies within the next rows of the order, `NEAR` for each that is asked for, filters or not.

    Rows of (version, doc, all): `all` says that the list ends there; a page that is full is the page in any case. There
    is one row at least: one without a version is none. Takes the values of `page_query`, but an array for each group of
    labels, and the words alone.
    """
    listing = _listing(shape)
    where, n, bounds = _where(shape, near=True)
    near = [f"l.{bound} {value}" for bound, value in bounds.items() if bound.startswith(f"{shape.sort} ")]
    words = ""
    if shape.words:
        # "offset 0" keeps the planner from looking the words up in their index after all
        words = (
            f" cross join lateral (select w.words from {listing.words} w "
            "where w.account_id = l.account_id and w.id = l.id offset 0) w"
        )
        where += f" and w.words @@ ${n}::text::tsquery"
        n += 1
    if shape.after:
        near.append(_behind(shape, n))
        n += 2
    order = _order(shape)
    return (
        f"with near as materialized (select * from {listing.name} l "
        f"where {' and '.join(('l.account_id = $1', *near))} {order} limit ${n}::bigint * {NEAR}), "
        f"page as (select l.account_id, l.id, l.{shape.sort} from near l{words} "
        f"where {where} {order} limit ${n}::bigint) "
        f"select d.version, d.doc, near.n < ${n}::bigint * {NEAR} from (select count(*) as n from near) near "
        f"left join (page l join {shape.table} d on d.account_id = l.account_id and d.id = l.id) on true {order}"
    )


def few_query(shape: Shape) -> str:
    """The page, if few rows are left by the filters: they are fetched in any order, and sorted.

    Rows of (version, doc, all), as `near_query` has them: what is not `all` is not the page.
    """
    where, n, _ = _where(shape)
    if shape.after:
        where += f" and {_behind(shape, n)}"
        n += 2
    order, most = _order(shape), FEW_FOUND if shape.words else FEW
    return (
        f"with few as materialized (select l.account_id, l.id, l.{shape.sort} from {_from(shape)} "
        f"where {where} limit {most + 1}), "
        f"page as (select * from few l {order} limit ${n}::bigint) "
        f"select d.version, d.doc, few.n <= {most} from (select count(*) as n from few) few "
        f"left join (page l join {shape.table} d on d.account_id = l.account_id and d.id = l.id) on true {order}"
    )


def count_query(shape: Shape) -> str:
    """The same values without a place and a limit."""
    return f"select count(*) from {_from(shape)} where {_where(shape)[0]}"


def _order(shape: Shape) -> str:
    direction = "desc" if shape.descending else "asc"
    return f"order by l.{shape.sort} {direction}, l.id {direction}"


def _behind(shape: Shape, n: int) -> str:
    """Behind a place. The comparison of rows is what lets the index begin there."""
    return f"(l.{shape.sort}, l.id) {'<' if shape.descending else '>'} (${n}, ${n + 1})"


def _listing(shape: Shape) -> Listing:
    listing = TABLES[shape.table].listing
    if listing is None:
        raise ValueError(f"{shape.table} have no list")
    return listing


def _from(shape: Shape) -> str:
    listing = TABLES[shape.table].listing
    if listing is None:
        return f"{shape.table} l"
    if _by_words_alone(shape):
        return f"{listing.words} l"
    words = f" join {listing.words} w on w.account_id = l.account_id and w.id = l.id" if _has_words(shape) else ""
    return f"{listing.name} l{words}"


def _has_words(shape: Shape) -> bool:
    return shape.words or shape.labels > 0


def _by_words_alone(shape: Shape) -> bool:
    """Whether all that is asked for stands beside the words: each row of the list less is a page of memory less."""
    listing = TABLES[shape.table].listing
    if listing is None or not _has_words(shape):
        return False
    return {*shape.equal, *shape.among, *shape.least, *shape.most} <= {*listing.sorts}


def _where(shape: Shape, *, near: bool = False) -> tuple[str, int, dict[str, str]]:
    """The condition, the number of the next value, and the parameters of bounds: "created_at >=" to "$3".

    `near`: of the list's own rows, where labels are seen and words are not.
    """
    number = count(2)
    parts = ["l.account_id = $1"]
    parts += [f"l.{column} = ${next(number)}" for column in shape.equal]
    parts += [f"l.{column} = any (${next(number)}::text[])" for column in shape.among]
    bounds = {f"{column} >=": f"${next(number)}" for column in shape.least}
    bounds |= {f"{column} <=": f"${next(number)}" for column in shape.most}
    parts += [f"l.{bound} {value}" for bound, value in bounds.items()]
    alone = not near and _by_words_alone(shape)
    if near:
        parts += [f"l.labels && ${next(number)}::text[]" for _ in range(shape.labels)]
    elif alone:
        # A row that an older release wrote has no place here; it is listed again.
        parts.append(f"l.{shape.sort} is not null and l.words @@ ${next(number)}::text::tsquery")
    elif _has_words(shape):
        parts.append(f"w.account_id = $1 and w.words @@ ${next(number)}::text::tsquery")
    if (listed_by := TABLES[shape.table].listed_by) is not None and not alone:  # what is in no list has no words
        parts.append(f"l.{listed_by} is not null")
    return " and ".join(parts), next(number), bounds


def _by_lag(shape: Shape, where: str, bounds: dict[str, str]) -> list[str]:
    """The condition with what follows from a bound on one time for the other, by which the list is sorted.

    Nothing changes before it is made. How much later it changes nobody knows, so a walk in the order of one time under
    a bound on the other could meet nothing for long: it is parted by how late documents changed, and what follows for
    each part is exact to that. What is parted by one time is not parted by a second one.
    """
    listing = TABLES[shape.table].listing
    if listing is None or _by_words_alone(shape):
        return [where]
    parting: tuple[str, str] | None = None
    for later in listing.lags:
        if shape.sort == later and (since := bounds.get("created_at >=")):
            where += f" and l.{later} >= {since}"
        if shape.sort == "created_at" and (until := bounds.get(f"{later} <=")):
            where += f" and l.created_at <= {until}"
        if shape.sort == later and (made := bounds.get("created_at <=")):
            parting = later, f"l.{later} <= {made}::timestamptz + interval "
        elif shape.sort == "created_at" and parting is None and (since := bounds.get(f"{later} >=")):
            parting = later, f"l.created_at >= {since}::timestamptz - interval "
    if parting is None:
        return [where]
    later, follows = parting
    lags = listing.lags[later]
    parts = []
    for above, below in zip((None, *lags), (*lags, None), strict=True):
        part = where
        if above is not None:
            part += f" and l.{later} - l.created_at > interval '{above}'"
        if below is not None:
            part += f" and l.{later} - l.created_at <= interval '{below}' and {follows}'{below}'"
        parts.append(part)
    return parts
