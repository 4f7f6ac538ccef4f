"""Orders into a file, for `kvitt orders export`: the whole file under its name, or none."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.parse import urlencode

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from kvitt.core.errors import InvalidRequest, KvittError
from kvitt.orders.flows.export import Part
from kvitt.orders.wire.export import JsonLinesQuery
from kvitt.web.queries import QueryDecoder

Q = TypeVar("Q", bound=JsonLinesQuery)

STDOUT = "-"
SAID_ELSEWHERE = ("time_zone", "total")


class NotExported(Exception):
    """There is no whole file; the message says why."""


def asked(type: type[Q], pairs: Sequence[tuple[str, str]]) -> Q:
    """The query with these parameters, as over HTTP. InvalidRequest also for what means nothing there.

    A filter that is mistyped, or that a script left empty, would export everything.
    """
    fields = [field.encode_name for field in msgspec.structs.fields(type)]
    known = [name for name in fields if name not in SAID_ELSEWHERE]
    for name, value in pairs:
        if name not in known:
            raise InvalidRequest(f"{name} is no parameter of this export; known are {', '.join(known)}")
        if not value:
            raise InvalidRequest(f"{name} has no value")
    query: Q = QueryDecoder(type)(urlencode(pairs, errors="surrogateescape"))
    return query


def days(first: date | None, last: date | None, zone: tzinfo) -> list[tuple[str, str]]:
    """The bounds of `created_at` that hold these days, both whole, in the zone."""
    pairs = []
    try:
        if first is not None:
            pairs.append(("created_at.gte", _begin(first, zone).isoformat()))
        if last is not None:
            end = _begin(last + timedelta(days=1), zone) - timedelta(microseconds=1)
            pairs.append(("created_at.lte", end.isoformat()))
    except OverflowError:
        raise InvalidRequest("a day must be one of the years 1 to 9999, also where it is another day") from None
    return pairs


def _begin(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


@contextmanager
def writing(target: str, *, force: bool) -> Iterator[BinaryIO]:
    """What is written here stands under its name when the block has ended, and nowhere when it failed.

    Until then it is `target` with `.part` behind it. `-` is the standard output, where nothing can be taken back.
    """
    if target == STDOUT:
        with _saying("what was written is not the whole file"):
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        return
    path = Path(target).absolute()
    part = path.with_name(f"{path.name}.part")
    _check_free(path, force)
    try:
        if force:
            part.unlink(missing_ok=True)
        file = part.open("xb")
    except FileExistsError:
        raise NotExported(f"{part} exists: an export is writing it, or was killed; --force begins anew") from None
    except OSError as error:
        raise NotExported(f"{part} cannot be written: {error.strerror}") from None
    try:
        with _saying(f"{path} was not written"), file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _check_free(path, force)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def _saying(outcome: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # whoever reads has seen enough, and is told nothing
        raise
    except (OSError, KvittError) as error:
        raise NotExported(f"{error}; {outcome}") from error


def _check_free(path: Path, force: bool) -> None:
    if path.exists() and not path.is_file():  # a device that was replaced by a file would be missed
        raise NotExported(f"{path} is not a file; {STDOUT} is the standard output")
    if path.exists() and not force:
        raise NotExported(f"{path} exists already; --force replaces it")


async def write(parts: AsyncGenerator[Part, None], file: BinaryIO, total: int, err: Console) -> int:
    """Writes all parts and answers how many orders they hold. Shows on a terminal how far it is, of about `total`."""
    orders = 0
    with _bar(err) as bar:
        task = bar.add_task("Orders", total=total)
        async with aclosing(parts):
            async for part in parts:
                file.write(part.data)
                orders = part.orders
                bar.update(task, completed=orders, total=max(total, orders))
    return orders


def _bar(err: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    shown = err.is_terminal and not sys.stdout.isatty()
    return Progress(*columns, TimeRemainingColumn(), console=err, transient=True, disable=not shown)
