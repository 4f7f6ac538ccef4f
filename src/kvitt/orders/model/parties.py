"""Who is bought from, who buys, and where it goes. Kept as sent: nothing is decided by these members."""

from __future__ import annotations

from datetime import date

import msgspec

from kvitt.orders.model.kinds import Anything, Id, Metadata, Moment, Name, RequiredId, Text


class Address(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`country` is ISO 3166-1 alpha-2. Nothing is required: a café's order has less of an address than a shop's."""

    address_line: Name | None = None
    address_line_2: Name | None = None
    postal_code: Name | None = None
    postal_place: Name | None = None
    country: Name | None = None
    latitude: float | None = None
    longitude: float | None = None


class DeliveryAddress(Address, frozen=True, omit_defaults=True, kw_only=True):
    """A shipping or billing address. `comment` is for whoever carries it: "5th floor, use doorbell."."""

    first_name: Name | None = None
    last_name: Name | None = None
    business_name: Name | None = None
    organization_number: Name | None = None
    email: Name | None = None
    phone_number: Name | None = None
    comment: Text | None = None


class CustomerAddress(DeliveryAddress, frozen=True, omit_defaults=True, kw_only=True):
    type: Name | None = None
    custom_type: Name | None = None


class Company(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`bussiness_name` is spelled so on the wire; the right spelling is kept too."""

    bussiness_name: Name | None = None
    business_name: Name | None = None
    organization_number: Name | None = None
    department: Name | None = None
    industry: Name | None = None
    website: Name | None = None
    number_of_employees: Anything | None = None


class EnrolledBy(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    value: Name | None = None
    type: Name | None = None


class Consent(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    consent: bool | None = None
    updated_at: Moment | None = None


class MarketingConsent(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    sms: Consent | None = None
    email: Consent | None = None


class Term(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    id: Id | None = None


class Customer(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`id` is the shop's own, of any form. `type` is one of customer, company, contact, employee, other."""

    id: Id | None = None
    customer_id: Id | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    gender: Name | None = None
    email: Name | None = None
    phone_number: Name | None = None
    date_of_birth: date | None = None
    pays_tax: bool | None = None
    favorite_store: Name | None = None
    status: Name | None = None
    type: Name | None = None
    metadata: Metadata | None = None
    addresses: tuple[CustomerAddress, ...] | None = None
    enrolled_by: EnrolledBy | None = None
    company: Company | None = None
    marketing_consent: MarketingConsent | None = None
    term: Term | None = None


class Store(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`mcc` is an ISO 18245 merchant category code."""

    id: RequiredId
    name: Name | None = None
    business_name: Name | None = None
    address: Address | None = None
    chain: Name | None = None
    email: Name | None = None
    gln: Name | None = None
    organization_number: Name | None = None
    phone_number: Name | None = None
    mcc: Name | None = None
    bax: Name | None = None
    terminal_id: Name | None = None
    payout_destination_id: Name | None = None
