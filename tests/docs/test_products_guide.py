"""The guide's tables are the sandbox's own: what each payment product can do, and what the gift cards hold."""

from __future__ import annotations

from pathlib import Path

from kvitt.checkout.model.payment import Capabilities
from kvitt.checkout.providers.gift_cards import BALANCES
from kvitt.checkout.providers.products import PRODUCTS

GUIDE = (Path(__file__).parent.parent.parent / "docs/guides/payment-products.md").read_text("utf-8")

_PLACES = {
    "three_d_secure": "bank", "app": "app", "bank": "bank", "invoice": "invoice company", "wallet": "wallet", None: "",
}  # fmt: skip


def row(products: list[str], can: Capabilities) -> str:
    place = "the shop" if can.approved_by_shop else _PLACES[can.waits]
    days = "" if can.authorization is None else f"{can.authorization.days} days"
    can_do = [
        "`final_capture`" if can.final_capture and not can.captured_at_once and can.most is None else "",
        "void after a part" if can.void_remainder else "",
    ]
    names = ", ".join(f"`{product}`" for product in products)
    currencies = "all" if can.currencies is None else ", ".join(sorted(can.currencies))
    return f"| {names} | {currencies} | {place} | {days} | {', '.join(filter(None, can_do))} |"


def rows() -> list[str]:
    """Products that can do the same share a row."""
    alike: dict[tuple[object, ...], list[str]] = {}
    for product, can in PRODUCTS.items():
        key = (
            can.takes, can.waits, can.currencies, can.authorization, can.final_capture, can.void_remainder,
            can.captured_at_once, can.most, can.approved_by_shop,
        )  # fmt: skip
        alike.setdefault(key, []).append(product)
    return [row(products, PRODUCTS[products[0]]) for products in alike.values()]


def test_the_table_says_what_each_product_can_do() -> None:
    table = [line for line in GUIDE.splitlines() if line.startswith("| `") and "6006" not in line]
    assert table == rows()


def test_the_gift_cards_hold_what_the_guide_says() -> None:
    cards = [line.strip("| ").split(" | ") for line in GUIDE.splitlines() if line.startswith("| `6006")]
    told = {number.strip("`").replace(" ", ""): int(balance.replace(" ", "")) for number, balance in cards}
    assert told == BALANCES
