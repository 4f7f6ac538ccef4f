"""A session in which the customer pays nothing and saves a card for the shop."""

from __future__ import annotations

import msgspec

from kvitt.checkout.flows.desk import Actor, Desk
from kvitt.checkout.flows.profiles import find_profile
from kvitt.checkout.model.saved import TokenType
from kvitt.checkout.model.session import Configuration, Session, SessionOptions
from kvitt.checkout.rules import creation
from kvitt.checkout.rules.refusals import InvalidSession
from kvitt.checkout.rules.tokens import GENERATE, TOKEN_TYPES
from kvitt.core.change import Change
from kvitt.core.errors import problem
from kvitt.core.ids import new_short_id


async def create(
    desk: Desk,
    account_id: str,
    options: SessionOptions,
    product: str,
    types: tuple[TokenType, ...],
    methods: tuple[str, ...] | None,
    actor: Actor,
) -> Session:
    """`options`: of nothing (amount 0). `types`: as what the card is saved. `methods`: how the customer may be
    authenticated, kept with the session."""
    _refuse_unless_saved(desk, account_id, product, types)
    configuration = _only(options.configuration, product, types, methods)
    customer = options.customer and msgspec.structs.replace(options.customer, tokens=None)  # a new card is wanted
    options = msgspec.structs.replace(options, customer=customer, configuration=configuration)

    async def decide() -> tuple[Change, Session]:
        profile = await find_profile(desk, account_id, options.profile_id) if options.profile_id is not None else None
        if profile is not None:  # how it looks is the profile's; what may be paid with is not
            looks = Configuration(theme=profile.configuration.theme)
            profile = msgspec.structs.replace(profile, configuration=looks)
        moment = desk.moment(account_id, actor, ids=1)
        session_id = new_short_id(account_id, moment.now)
        try:
            return creation.create(account_id, session_id, options, profile, frozenset(), moment, GENERATE)
        except InvalidSession as refusal:
            raise within("session", refusal) from None

    return await desk.store.decide(decide, once=actor.once)


def within(parent: str, refusal: InvalidSession) -> InvalidSession:
    """The same faults, of a session that stands deeper in the body."""
    placed = [
        problem if problem.path is None else msgspec.structs.replace(problem, path=f"{parent}.{problem.path}")
        for problem in refusal.problems
    ]
    return InvalidSession(refusal.message, *placed)


def _refuse_unless_saved(desk: Desk, account_id: str, product: str, types: tuple[TokenType, ...]) -> None:
    known = TOKEN_TYPES.get(product, ()) if product in desk.products_of(account_id) else ()
    if not known:
        message = "This payment product saves no cards here"
        raise InvalidSession(message, problem(message, "token_provider.payment_product_type"))
    faults = [
        problem(f"{product} makes no {type}", f"token_provider.token_types.{place}")
        for place, type in enumerate(types)
        if type not in known
    ]
    if faults:
        raise InvalidSession("The card cannot be saved so", *faults)


def _only(
    own: Configuration | None, product: str, types: tuple[TokenType, ...], methods: tuple[str, ...] | None
) -> Configuration:
    """That the session may be paid with this product alone, and makes these tokens."""
    options: dict[str, object] = {"enabled": True, "payment_product_type": product}
    options |= {f"generate_{type}": True for type in types}
    if methods:
        options["token_supported_auth_methods"] = list(methods)
    group, _, name = product.partition(".")
    looks = own or Configuration()
    return msgspec.structs.replace(looks, **{group: {"payment_type": group, name: options}})
