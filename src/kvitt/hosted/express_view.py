"""From an express session to what its steps show: addresses, countries, shipping options, discount codes. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

from kvitt.checkout.model.order import Address, PickUpAddress, ShippingOption
from kvitt.checkout.model.view import ExpressView, View
from kvitt.hosted.amounts import money, quantity
from kvitt.hosted.express_countries import Country, countries, country_name, first_country
from kvitt.hosted.express_times import arrival, opening_hours
from kvitt.hosted.languages import Language
from kvitt.hosted.view import plain

Kind = Literal["b2c", "b2b"]


@dataclass(frozen=True)
class Given:
    """What stands in the fields of an address."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone_number: str = ""
    address_line: str = ""
    address_line_2: str = ""
    postal_code: str = ""
    postal_place: str = ""
    country: str = ""
    comment: str = ""
    business_name: str = ""
    organization_number: str = ""
    customer_reference: str = ""
    cost_center: str = ""


@dataclass(frozen=True)
class ShownOption:
    """`id`, `line_id`: what it is chosen by. `place`, `hours`: where it is picked up, and when that is open."""

    id: str
    line_id: str
    title: str
    price: str
    notes: tuple[str, ...]
    place: tuple[str, ...]
    hours: tuple[str, ...]
    chosen: bool


@dataclass(frozen=True)
class Express:
    """`step`: `address` as long as the customer has to say where the goods go, `open` then. `kinds`: who may buy, and
    `kind` who does at first. `folded`: the addresses in lines. `apart`: the bill goes elsewhere."""

    step: Literal["address", "open"]
    required: bool
    kinds: tuple[Kind, ...]
    kind: Kind
    countries: tuple[Country, ...]
    given: Given
    folded: tuple[str, ...]
    billing_kinds: tuple[Kind, ...]
    billing_defaults: tuple[Kind, ...]
    apart: bool
    billing: Given
    billing_folded: tuple[str, ...]
    options: tuple[ShownOption, ...]
    option_required: bool
    codes: tuple[str, ...]
    most_codes: int

    def script(self, raw_codes: tuple[str, ...]) -> dict[str, Any]:
        """What the page's script has to know of it."""
        return {
            "step": self.step,
            "required": self.required,
            "option_required": self.option_required,
            "options": len(self.options),
            "given": _members(self.given),
            "billing": _members(self.billing),
            "kind": self.kind,
            "apart": self.apart,
            "billing_defaults": self.billing_defaults,
            "codes": raw_codes,
            "most_codes": self.most_codes,
        }


def express_of(view: View, language: Language) -> Express | None:
    express, order = view.express, view.order
    if express is None:
        return None
    shipping, billing = order.shipping_address, order.billing_address
    served = countries(express, language)
    apart = billing is not None and billing != shipping
    options = tuple(_option(view, option, language) for option in express.shipping_options)
    incomplete = not _complete(shipping) or (express.option_required and not options)
    kind = _kind(express, shipping)
    return Express(
        step="address" if express.address_required and incomplete else "open",
        required=express.address_required,
        kinds=express.customer_types,
        kind=kind,
        countries=served,
        given=_given(shipping, view, served, language),
        folded=_folded(shipping, language),
        billing_kinds=express.different_billing,
        billing_defaults=express.default_different_billing,
        apart=kind in express.different_billing
        and (apart or (billing is None and kind in express.default_different_billing)),
        billing=_given(billing if apart else None, view, served, language),
        billing_folded=_folded(billing, language) if apart else (),
        options=options,
        option_required=express.option_required,
        codes=tuple(plain(code) for code in order.discount_codes or ()),
        most_codes=express.most_codes,
    )


def _complete(address: Address | None) -> bool:
    """Whether goods could be sent there. A wallet gives the country and the postal code alone, to know the prices."""
    if address is None:
        return False
    named = address.first_name or address.last_name or address.business_name
    return bool(named and address.address_line and address.country)


def _kind(express: ExpressView, address: Address | None) -> Kind:
    wanted: Kind | None = express.default_customer_type
    if address is not None and _complete(address):
        wanted = "b2b" if address.business_name or address.organization_number else "b2c"
    return wanted if wanted in express.customer_types else express.customer_types[0]


def _given(address: Address | None, view: View, served: tuple[Country, ...], language: Language) -> Given:
    given = {field.name: plain(getattr(address, field.name, None)) for field in fields(Given)}
    given["country"] = first_country(view, served, address.country if address else None, language)
    return Given(**given)


def _members(given: Given) -> dict[str, str]:
    return {field.name: getattr(given, field.name) for field in fields(Given)}


def _folded(address: Address | None, language: Language) -> tuple[str, ...]:
    if address is None:
        return ()
    return _lines(
        (address.business_name,),
        (address.first_name, address.last_name),
        *_where(address),
        (country_name(address.country, language) or address.country,),
        (address.email,),
        (address.phone_number,),
    )


def _where(address: Address) -> tuple[tuple[str | None, ...], ...]:
    return (
        (address.co_address,),
        (address.address_line,),
        (address.address_line_2,),
        (address.postal_code, address.postal_place),
    )


def _lines(*parts: tuple[str | None, ...]) -> tuple[str, ...]:
    """Each line's texts with a space between; empty lines are left out."""
    joined = (" ".join(filter(None, map(plain, texts))) for texts in parts)
    return tuple(line for line in joined if line)


def _option(view: View, option: ShippingOption, language: Language) -> ShownOption:
    order, address = view.order, view.order.shipping_address
    chosen = order.shipping_option
    same = chosen is not None and (chosen.id, str(chosen.line_id)) == (option.id, str(option.line_id))
    free = option.amount == 0
    title = plain(option.title) or language.say("summary.shipping")
    operator = plain(option.operator)
    return ShownOption(
        id=option.id,
        line_id=str(option.line_id),
        title=title,
        price=language.say("shipping.free") if free else money(option.amount, order.currency, language.locale),
        notes=_lines(
            ("" if operator.casefold() in title.casefold() else operator,),
            (option.description,),
            (arrival(option, address.country if address else None, language),),
        ),
        place=_place(option.pick_up_address, language),
        hours=opening_hours(option.pick_up_address.opening_hours, language) if option.pick_up_address else (),
        chosen=same,
    )


def _place(place: PickUpAddress | None, language: Language) -> tuple[str, ...]:
    if place is None:
        return ()
    lines = _lines((place.business_name,), *_where(place))
    if place.distance is None or not 0 <= place.distance < 1e5:
        return lines
    return (*lines, language.say("shipping.distance", distance=quantity(round(place.distance, 1), language.locale)))
