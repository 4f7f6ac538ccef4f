"""An amount in parts that sum to it exactly, to the last minor unit, whatever is divided by what.

Each part is the exact share, rounded to one of the two whole amounts beside it. The amounts may be negative: what is
taken back is divided as what was given, with the other sign.
"""

from __future__ import annotations

from collections.abc import Sequence

from kvitt.core.money import nearest


def spread(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """The total in proportion to the weights, by the largest remainders.

    Each part is rounded down; the units that are left go to the largest remainders, of equal ones to the first. So the
    more weight, the larger the part; equal weights get at most one unit less the later they stand; what weighs nothing
    gets nothing. ValueError for weights of both signs, and when nothing weighs anything but there is something to
    spread.

    A total of one unit more may give a part one unit less: for what is done bit by bit use `part_of`.
    """
    if min(weights, default=0) < 0 < max(weights, default=0):
        raise ValueError("weights must not be of both signs")
    whole = abs(sum(weights))
    if whole == 0:
        if total != 0:
            raise ValueError(f"there is nothing to spread {total} over")
        return (0,) * len(weights)
    parts, rests = zip(*(divmod(abs(total * weight), whole) for weight in weights), strict=True)
    left = abs(total) - sum(parts)
    luckier = sorted(range(len(weights)), key=lambda place: -rests[place])[:left]  # sorted keeps the order of equals
    given = [part + (place in luckier) for place, part in enumerate(parts)]
    return tuple(given) if total >= 0 else tuple(-part for part in given)


def discount_shares(discount: int, amounts: Sequence[int]) -> tuple[int, ...]:
    """What each line bears of a discount on the whole order: in proportion to the lines' amounts, and never more.

    A discount is taken off the lines that are sold, a negative one is given back on the lines that take back; lines of
    the other sign bear none of it. ValueError when it is more than those lines come to.
    """
    bearing = [amount if amount * discount > 0 else 0 for amount in amounts]
    if abs(discount) > abs(sum(bearing)):
        raise ValueError(f"a discount of {discount} is more than the lines that bear it come to: {sum(bearing)}")
    return spread(discount, bearing)


def part_of(amount: int, part: int, whole: int, before: int = 0) -> int:
    """How much of `amount`, the VAT of a line for instance, goes with `part` of the `whole`.

    `before`: how much of the whole went in earlier parts. Part after part, what goes with them sums to the amount, and
    never turns back on the way. ValueError when the parts come to more than the whole, or have another sign.
    """
    done = before + part
    if not (0 <= before <= done <= whole or whole <= done <= before <= 0):
        raise ValueError(f"{part} after {before} is no part of {whole}")
    return nearest(amount * done, whole) - nearest(amount * before, whole) if whole != 0 else 0
