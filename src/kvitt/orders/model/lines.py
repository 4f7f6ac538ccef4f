"""The lines of an order: what is sold, its tax, its discounts, and which line it takes back."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from kvitt.core.money import Amount
from kvitt.orders.model.kinds import (
    Anything,
    DecimalText,
    Id,
    LineId,
    Metadata,
    Moment,
    Name,
    PartsPerMillion,
    RequiredId,
    Text,
)
from kvitt.orders.model.parties import Store


class ExchangeRate(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An amount in another currency. `conversion_rate_ppm`: 1099000 is a rate of 1.099. Kept, never applied."""

    original_currency: Name | None = None
    original_gross_amount: Amount | None = None
    conversion_rate_ppm: PartsPerMillion | None = None
    conversion_rate_timestamp: Moment | None = None
    conversion_rate_source: Name | None = None


class TaxLine(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Tax as the caller computed it; nothing here is recomputed. `percentage`: 25 is 25 per cent."""

    amount: Amount
    percentage: Decimal
    amount_dwh: DecimalText | None = None
    exempt: bool | None = None
    included_in_price: bool | None = None
    tax_basis: Amount | None = None
    tax_basis_dwh: DecimalText | None = None
    tax_code: Name | None = None
    tax_group: Name | None = None


class DiscountLine(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`amount` has the sign of the line it stands on: it is taken off a sale, and given off a reversal."""

    amount: Amount
    amount_dwh: DecimalText | None = None
    percentage: Decimal | None = None
    discount_type: Name | None = None
    discount_subtype: Name | None = None
    discount_id: Id | None = None
    description: Text | None = None
    line_id: LineId | None = None


class RelatedItem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The line that this one takes back, with `type` "reversed"."""

    line_id: LineId
    type: Name | None = None


class Item(ExchangeRate, frozen=True, omit_defaults=True, kw_only=True):
    """One line. `gross_amount`: the whole line with VAT, before discounts; `net_amount`: the same after discounts.

    Both are in minor units of the order's currency, and negative on a reversal line only (one with `reversed_reason`
    or `related_item`). Left out by the caller, `net_amount` is gross less `discount_lines` and `quantity` is 1.
    `version` is ours: the version of the draft or order at which the line came or changed. `store`: who sells this
    line, when it is another than the order's.
    """

    line_id: LineId
    id: RequiredId
    gross_amount: Amount
    tax_lines: tuple[TaxLine, ...]
    quantity: Decimal | None = None
    description: Text | None = None
    description_alias: Text | None = None
    net_amount: Amount | None = None
    discount_lines: tuple[DiscountLine, ...] | None = None
    related_item: RelatedItem | None = None
    reversed_reason: Text | None = None
    status: Name | None = None
    external_id: Id | None = None
    version: int | None = None
    manual_payout: Anything | None = None
    payout: Anything | None = None
    store: Store | None = None
    groups: Anything | None = None
    unit: Name | None = None
    unit_gross_price: Amount | None = None
    tax_percent: Decimal | None = None
    barcode: Name | None = None
    cost_price: Amount | None = None
    eligible_for_discount: bool | None = None
    is_changed: bool | None = None
    dimension: Metadata | None = None
    infocode_lines: Anything | None = None
    bonus_lines: Anything | None = None
    salesperson_id: Name | None = None
    salesperson_name: Name | None = None
    serial_id: Name | None = None
    comment: Text | None = None
    extra_info: Anything | None = None
    metadata: Metadata | None = None
    gross_amount_dwh: DecimalText | None = None
    net_amount_dwh: DecimalText | None = None
    cost_price_dwh: DecimalText | None = None
    unit_gross_price_dwh: DecimalText | None = None
    tax_percent_dwh: DecimalText | None = None

    @property
    def net(self) -> int:
        """What the line costs after discounts, minor units: what may be authorized of it."""
        if self.net_amount is not None:
            return self.net_amount
        return self.gross_amount - sum(discount.amount for discount in self.discount_lines or ())

    @property
    def is_reversal(self) -> bool:
        """Whether the line may be negative."""
        return self.reversed_reason is not None or self.related_item is not None
