"""Ids and numbers that follow from a run and from how many came before; they look as the service's own do."""

from __future__ import annotations

from hashlib import blake2b

from kvitt.core.ids import BASE58, ORDER_NUMBER_ALPHABET


def uuid_of(digits: str) -> str:
    """A UUID of version 4, of 32 hexadecimal digits."""
    h = digits
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{'89ab'[int(h[16], 16) & 3]}{h[17:20]}-{h[20:]}"


def order_id_of(run: str, number: int) -> str:
    """The id of the n-th order of a run: known without making the order, so that it can be looked for."""
    return uuid_of(blake2b(f"{run}/{number}".encode(), digest_size=16).hexdigest())


def short_id_of(account_id: str, run: str, number: int) -> str:
    """The id of the n-th session or transaction of a run, whose date does not stand in it: it is not known before."""
    mixed = int.from_bytes(blake2b(f"{run}/{number}".encode(), digest_size=16).digest())
    digits = []
    for _ in range(22):
        mixed, digit = divmod(mixed, len(BASE58))
        digits.append(BASE58[digit])
    return f"{account_id}.{''.join(digits)}"


def generated_number(run: str, number: int) -> str:
    """Nine characters as the service generates them; each n of a run has another."""
    size = len(ORDER_NUMBER_ALPHABET) ** 9  # a power of two, so that multiplying by an odd number meets none twice
    mixed = (number * 0x9E3779B97F4A7C15 + int.from_bytes(blake2b(run.encode(), digest_size=8).digest())) % size
    digits = []
    for _ in range(9):
        mixed, digit = divmod(mixed, len(ORDER_NUMBER_ALPHABET))
        digits.append(ORDER_NUMBER_ALPHABET[digit])
    return "".join(digits)
