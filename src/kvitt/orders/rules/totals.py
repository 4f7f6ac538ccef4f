"""Totals are sums over the lines, reversal lines included, so a line and what takes it back come to nothing."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kvitt.orders.model import Item


class Totals(msgspec.Struct, frozen=True):
    """Minor units. `total_discount` is gross less net, so the three always add up."""

    gross_amount: int
    net_amount: int
    total_discount: int
    total_manual_discount_amount: int


def totals(items: Iterable[Item]) -> Totals:
    gross = net = manual = 0
    for item in items:
        gross += item.gross_amount
        net += item.net
        manual += sum(d.amount for d in item.discount_lines or () if d.discount_type == "manual")
    return Totals(gross, net, gross - net, manual)
