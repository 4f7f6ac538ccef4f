"""What the customer types and chooses. Every text is bounded: whoever has the page's address may send it."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import asdict

from kvitt.checkout.model.order import Address
from kvitt.checkout.model.session import PayLock
from kvitt.checkout.model.updates import DiscountCode

Text = Annotated[str, Meta(max_length=200)]
Country = Annotated[str, Meta(pattern=r"^[A-Za-z]{2}$", description="ISO 3166-1 alpha-2", examples=["NO"])]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]


class CustomerAddress(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A wallet knows the country and the postal code alone, so nothing else has to be there."""

    country: Country
    first_name: Text | None = None
    last_name: Text | None = None
    address_line: Text | None = None
    address_line_2: Text | None = None
    co_address: Text | None = None
    business_name: Text | None = None
    postal_code: Annotated[str, Meta(max_length=20)] | None = None
    postal_place: Text | None = None
    phone_number: Annotated[str, Meta(max_length=40)] | None = None
    email: Annotated[str, Meta(max_length=254)] | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    comment: Annotated[str, Meta(max_length=500)] | None = None
    organization_number: Annotated[str, Meta(max_length=40)] | None = None
    organization_type: Annotated[str, Meta(max_length=40)] | None = None
    customer_reference: Text | None = None
    cost_center: Text | None = None

    def address(self) -> Address:
        """Without spaces at the ends; what is empty then was left out."""
        typed: dict[str, Any] = {"country": self.country.upper()}
        for name, value in asdict(self).items():
            kept = value.strip() if isinstance(value, str) else value
            typed.setdefault(name, None if kept == "" else kept)
        return Address(**typed)


class ChosenOption(Struct, frozen=True):
    """Which shipping option. Whatever else is sent of it, its price too, is the session's to say."""

    id: Text
    line_id: Text | int | None = None


class TypedCodes(Struct, frozen=True):
    """All discount codes that are to count; none takes them away."""

    discount_codes: Annotated[tuple[DiscountCode, ...], Meta(max_length=100)]


class Locked(Struct, frozen=True):
    pay_lock: PayLock
