"""The SQL of lists, made from what a Selection asks for.

Where a table has a list, a page is found in that alone, and the documents are fetched for its rows. Nobody knows how
many rows filters leave together, and whether they come early in the order of the list; the planner guesses, and a wrong
guess reads a million rows for a page. So a page under filters is looked for where that costs little, whatever they are
(`attempts`): near by in the order, then among few that words find or that columns leave, then farther in the order, and
only at last as the planner thinks best (`page_query`).
"""

# ruff: noqa: S608 -- the text is made of our own table and column names alone; values are parameters

from __future__ import annotations

from itertools import count

import msgspec

from kvitt.store.tables import TABLES, Listing


class Shape(msgspec.Struct, frozen=True):
    """What of a Selection its query is made of. `equal`: columns that may hold one text. `labels`, `words`: how many
    groups of them."""

    table: str
    equal: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    least: tuple[str, ...] = ()
    most: tuple[str, ...] = ()
    labels: int = 0
    words: int = 0
    sort: str = "created_at"
    descending: bool = True
    after: bool = False


NEAR, FAR, FAR_IN_TIME = 100, 500, 3_000
"""Rows of the order that are looked at for each that is asked for. What was made together stands together in memory, so
that a walk along time costs a tenth of one along amounts."""
FEW, FOUND, BOTH = 8_000, 10_000, 3_000
"""Rows that are fetched and sorted: that columns leave, that words find, and those of which row and words are looked at
both. Each of these is a page of memory that was not met in its order.
"""


class Attempt(msgspec.Struct, frozen=True):
    """A query that answers rows of (version, doc, all). `all`: it saw all there is, and these are the page. A page that
    is full is the page in any case, where `in_order`. There is one row at least: one without a version is none.

    `near`: which values it takes, those of `near_values_of` or of `values_of`.
    """

    query: str
    near: bool
    in_order: bool


def attempts(shape: Shape, *, telling: bool = False) -> tuple[Attempt, ...]:
    """What is tried for a page under filters, the cheap before the dear. `telling`: its words are such as few have."""
    # Bounds of what it is sorted by are ends of a walk, no filters.
    by_columns = bool(shape.equal or shape.among or {*shape.least, *shape.most} - {shape.sort})
    by_words = _has_words(shape)
    if TABLES[shape.table].listing is None or not (by_columns or by_words):
        return ()
    if _parted_exactly(shape) or _is_walked(shape):
        return ()
    near = Attempt(near_query(shape, NEAR), near=True, in_order=True)
    few = Attempt(few_query(shape), near=True, in_order=False) if by_columns else None
    # Words alone are too dear to be looked at so often.
    factor = FAR if shape.sort == "amount" else FAR_IN_TIME
    far = Attempt(near_query(shape, factor), near=True, in_order=True) if by_columns or shape.labels else None
    found = Attempt(found_query(shape), near=False, in_order=False) if by_words else None
    # The index of words reads all that have a common one before it answers anything: where other columns than those
    # beside the words are asked for, it comes last.
    order = (found, few, far) if _by_words_alone(shape) else (few, far, found)
    return tuple(each for each in ((None if telling else near), *order) if each is not None)


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
    pages = [
        # "offset 0": nobody walks through all that is late for the few of it that are asked for
        f"select {columns} from (select l.* from {_from(shape)} where {part} offset 0) l {order}"
        if fetched
        else f"select {columns} from {_from(shape)} where {part} {order}"
        for part, fetched in _by_lag(shape, where, bounds)
    ]
    page = pages[0] if len(pages) == 1 else " union all ".join(f"({page})" for page in pages)
    return (
        f"select d.version, d.doc from ({page}) l "
        f"join {shape.table} d on d.account_id = l.account_id and d.id = l.id {order}"
    )


def near_query(shape: Shape, factor: int) -> str:
    """The page as far as it lies within the next rows of the order, `factor` for each that is asked for. Rows behind a
    full page are not looked at."""
    columns, n, bounds = _of_columns(msgspec.structs.replace(shape, labels=0, words=0))
    near = ["l.account_id = $1"]
    near += [f"l.{bound} {value}" for bound, value in bounds.items() if bound.startswith(f"{shape.sort} ")]
    where, words, n = _with_labels(shape, columns, n)
    if shape.after:
        near.append(_behind(shape, n))
        n += 2
    order, most = _order(shape), f"${n}::bigint * {factor}"
    seen = f"from {_listing(shape).name} l where {' and '.join(near)} {order} limit {most}"
    return _page(
        shape,
        f"select l.account_id, l.id, l.{shape.sort} from (select * {seen}) l{words} "
        f"where {where} {order} limit ${n}::bigint",
        f"case when (select count(*) from page) = ${n}::bigint then false "
        f"else (select count(*) from (select 1 {seen}) seen) < {most} end",
    )


def few_query(shape: Shape) -> str:
    """The page, if the columns leave few rows: they are fetched in any order, looked at and sorted."""
    columns, n, _ = _of_columns(msgspec.structs.replace(shape, labels=0, words=0))
    where, words, n = _with_labels(shape, "true", n)
    if shape.after:
        columns += f" and {_behind(shape, n)}"
        n += 2
    most = BOTH if shape.words else FEW
    return _page(
        shape,
        f"select l.account_id, l.id, l.{shape.sort} from seen l{words} "
        f"where {_no_more_than(most)} and {where} {_order(shape)} limit ${n}::bigint",
        _no_more_than(most),
        f"select l.account_id, l.id, l.{shape.sort}, l.labels from {_listing(shape).name} l "
        f"where {columns} limit {most + 1}",
    )


def found_query(shape: Shape) -> str:
    """The page, if words and labels find few rows: they are fetched in any order, looked at and sorted."""
    listing, order = _listing(shape), _order(shape)
    where, n, _ = _where(shape)
    columns, of_words, _ = _of_columns(shape)
    behind = ""
    if shape.after:
        behind = f" and {_behind(shape, n)}"
        n += 2
    if _by_words_alone(shape):
        return _page(
            shape,
            f"select * from seen l where {_no_more_than(FOUND)} {order} limit ${n}::bigint",
            _no_more_than(FOUND),
            f"select l.account_id, l.id, l.{shape.sort} from {listing.words} l where {where}{behind} limit {FOUND + 1}",
        )
    return _page(
        shape,
        f"select l.account_id, l.id, l.{shape.sort} from seen w join {listing.name} l "
        f"on l.account_id = w.account_id and l.id = w.id "
        f"where {_no_more_than(BOTH)} and {columns}{behind} {order} limit ${n}::bigint",
        _no_more_than(BOTH),
        f"select w.account_id, w.id from {listing.words} w where {_of_words(of_words)} limit {BOTH + 1}",
    )


def _page(shape: Shape, page: str, whole: str, seen: str | None = None) -> str:
    """The documents of the page, with whether all there is was seen. `seen`: what the page is made of, all of it."""
    parts = f"seen as materialized ({seen}), " if seen is not None else ""
    return (
        f"with {parts}page as materialized ({page}) "
        f"select d.version, d.doc, ends.whole from (select {whole} as whole) ends "
        f"left join (page l join {shape.table} d on d.account_id = l.account_id and d.id = l.id) on true "
        f"{_order(shape)}"
    )


def _no_more_than(most: int) -> str:
    """Counted before anything is done with them: of more, nothing is the page."""
    return f"(select count(*) from seen) <= {most}"


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
    return shape.words > 0 or shape.labels > 0


def _by_words_alone(shape: Shape) -> bool:
    """Whether all that is asked for stands beside the words: each row of the list less is a page of memory less."""
    listing = TABLES[shape.table].listing
    if listing is None or not _has_words(shape):
        return False
    return {*shape.equal, *shape.among, *shape.least, *shape.most} <= {*listing.sorts}


def _where(shape: Shape) -> tuple[str, int, dict[str, str]]:
    """The condition, the number of the next value, and the parameters of bounds: "created_at >=" to "$3"."""
    columns, n, bounds = _of_columns(shape)
    if not _has_words(shape):
        return columns, n, bounds
    if _by_words_alone(shape):
        # A row that an older release wrote has no place here; it is listed again. What is in no list has no words.
        return f"{columns} and l.{shape.sort} is not null and l.words @@ ${n}::text::tsquery", n + 1, bounds
    return f"{columns} and {_of_words(n)}", n + 1, bounds


def _of_words(n: int) -> str:
    return f"w.account_id = $1 and w.words @@ ${n}::text::tsquery"


def _of_columns(shape: Shape) -> tuple[str, int, dict[str, str]]:
    number = count(2)
    parts = ["l.account_id = $1"]
    parts += [f"l.{column} = ${next(number)}" for column in shape.equal]
    parts += [f"l.{column} = any (${next(number)}::text[])" for column in shape.among]
    bounds = {f"{column} >=": f"${next(number)}" for column in shape.least}
    bounds |= {f"{column} <=": f"${next(number)}" for column in shape.most}
    parts += [f"l.{bound} {value}" for bound, value in bounds.items()]
    if (listed_by := TABLES[shape.table].listed_by) is not None and not _by_words_alone(shape):
        parts.append(f"l.{listed_by} is not null")
    return " and ".join(parts), next(number), bounds


def _with_labels(shape: Shape, where: str, n: int) -> tuple[str, str, int]:
    """The condition with labels and words of each row looked at, what it is said of besides, and the next number."""
    for _ in range(shape.labels):
        where += f" and l.labels && ${n}::text[]"
        n += 1
    if not shape.words:
        return where, "", n
    # "offset 0" keeps the planner from looking the words up in their index after all
    words = (
        f" cross join lateral (select w.words from {_listing(shape).words} w "
        "where w.account_id = l.account_id and w.id = l.id offset 0) w"
    )
    return f"{where} and w.words @@ ${n}::text::tsquery", words, n + 1


def _parted_exactly(shape: Shape) -> bool:
    """Whether all filters are bounds on times by which a walk is parted (`_by_lag`): nothing is to be tried before."""
    listing = TABLES[shape.table].listing
    if listing is None or shape.equal or shape.among or _has_words(shape):
        return False
    later = {*shape.least, *shape.most} - {"created_at"}
    return len(later) <= 1 and later <= {*listing.lags} and shape.sort in {"created_at", *later}


def _is_walked(shape: Shape) -> bool:
    """Whether the filters are the beginning of an index that goes on in the order of the list."""
    listing = TABLES[shape.table].listing
    if listing is None or shape.sort != "created_at" or shape.among or _has_words(shape):
        return False
    return len(shape.equal) == 1 and shape.equal[0] in listing.walked and {*shape.least, *shape.most} <= {"created_at"}


def _by_lag(shape: Shape, where: str, bounds: dict[str, str]) -> list[tuple[str, bool]]:
    """The condition with what follows from a bound on one time for the other, by which the list is sorted; and whether
    nothing follows, so that all that meet it are to be fetched before they are sorted.

    Nothing changes before it is made. How much later it changes nobody knows, so a walk in the order of one time under
    a bound on the other could meet nothing for long: it is parted by how late documents changed, and what follows for
    each part is exact to that. What changed latest of all is seldom. What is parted by one time is not parted by a
    second one.
    """
    listing = TABLES[shape.table].listing
    if listing is None or _by_words_alone(shape):
        return [(where, False)]
    for later, lags in listing.lags.items():
        begins, ends = _follows(shape.sort, later, bounds)
        if begins is None and ends is None:
            continue
        parts = []
        for above, below in zip((None, *lags), (*lags, None), strict=True):
            part = where
            if begins is not None:
                part += f" and {begins}'{above or '0'}'"
            if above is not None:
                part += f" and l.{later} - l.created_at > interval '{above}'"
            if below is not None:
                part += f" and l.{later} - l.created_at <= interval '{below}'"
            if below is not None and ends is not None:
                part += f" and {ends}'{below}'"
            parts.append((part, below is None and ends is not None))
        return parts
    return [(where, False)]


def _follows(sort: str, later: str, bounds: dict[str, str]) -> tuple[str | None, str | None]:
    """What bounds say of the time that the list is sorted by, but for how much later the other is: of those that were
    later by more, and of those that were later by less."""
    if sort == later:
        since, until = bounds.get("created_at >="), bounds.get("created_at <=")
        begins = since and f"l.{later} >= {since}::timestamptz + interval "
        return begins, until and f"l.{later} <= {until}::timestamptz + interval "
    if sort == "created_at":
        since, until = bounds.get(f"{later} >="), bounds.get(f"{later} <=")
        begins = until and f"l.created_at <= {until}::timestamptz - interval "
        return begins, since and f"l.created_at >= {since}::timestamptz - interval "
    return None, None
