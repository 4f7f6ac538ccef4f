"""The figures as tables, for docs/performance.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bench.lists.client import percentile

if TYPE_CHECKING:
    from bench.lists.__main__ import Report
    from bench.lists.pages import Cell

SLOWEST = 12
LIMIT = 50
"""Milliseconds that no list may take."""


def lines_of(report: Report) -> Iterator[str]:
    yield f"{report.orders:,} orders, {report.clients} clients"
    if report.cells:
        yield from pages_of(report.cells, report.mixed, "orders")
    if report.gets[1]:
        yield f"\nget by id: p50 {report.gets[0]:.1f} ms, p95 {report.gets[1]:.1f} ms"
    if report.costs:
        yield "\n| orders made in | a second | time an order, by the first |"
        yield "| --- | ---: | ---: |"
        for cost in report.costs:
            yield f"| {cost.name} | {cost.rate:,.0f} | {cost.ratio:.2f} ± {cost.error:.2f} |"
    if report.exports:
        yield "\n| export | seconds | MB | lines | server, MB (before) | client, MB |"
        yield "| --- | ---: | ---: | ---: | ---: | ---: |"
        for each in report.exports:
            server = f"{each.server:.0f} ({each.server_before:.0f})" if each.server else ""
            yield (
                f"| {each.name} | {each.seconds:.0f} | {each.size / 1e6:,.0f} | {each.lines:,} | {server} "
                f"| {each.client:.0f} |"
            )


def pages_of(cells: Sequence[Cell], mixed: tuple[float, float], noun: str) -> Iterator[str]:
    """p95 of the first page and of a deep one, by filter and sort. `mixed`: p50 and p95 of all in any order."""
    sorts = list(dict.fromkeys(cell.sort for cell in cells))
    yield "\np50 / p95 in milliseconds, the first page and, below it, a deep one\n"
    yield f"| filter | {noun} | | {' | '.join(sorts)} |"
    yield f"| --- | ---: | --- |{' ---: |' * len(sorts)}"
    by_place = {(cell.filter, cell.sort, cell.deep): cell for cell in cells}
    for name in dict.fromkeys(cell.filter for cell in cells):
        for deep in (False, True):
            found = [by_place.get((name, sort, deep)) for sort in sorts]
            if found[0] is None:
                continue
            figures = " | ".join(f"{cell.p50:.1f} / {cell.p95:.1f}" for cell in found if cell is not None)
            first = f"| {name} | {found[0].matches:,} | first" if not deep else "| | | deep"
            yield f"{first} | {figures} |"
    slowest = sorted(cells, key=lambda cell: -cell.p95)[:SLOWEST]
    yield f"\nslowest of {len(cells)}:"
    for cell in slowest:
        place = "deep" if cell.deep else "first"
        yield f"  p50 {cell.p50:7.1f}  p95 {cell.p95:7.1f} ms  {cell.filter}  sort={cell.sort}  {place}"
    beyond = sum(cell.p95 > LIMIT for cell in cells)
    yield f"p95 of a cell: {percentile([cell.p95 for cell in cells], 0.5):.1f} ms in the median; "
    yield f"{beyond} of {len(cells)} beyond {LIMIT} ms"
    yield f"all cells in any order: p50 {mixed[0]:.1f} ms, p95 {mixed[1]:.1f} ms"
