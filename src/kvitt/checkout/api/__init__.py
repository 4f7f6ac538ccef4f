"""The routes of checkout: sessions, transactions and profiles for the shop; view, pay and give up for the customer."""

from __future__ import annotations

from kvitt.checkout.api.customer import customer_routes
from kvitt.checkout.api.lists import list_routes
from kvitt.checkout.api.merchant_initiated import merchant_initiated_routes
from kvitt.checkout.api.profiles import profile_routes
from kvitt.checkout.api.returning import returning_routes
from kvitt.checkout.api.sessions import session_routes
from kvitt.checkout.api.tokens import token_routes
from kvitt.checkout.api.transactions import transaction_routes
from kvitt.checkout.api.updates import update_routes
from kvitt.checkout.api.view import view_routes
from kvitt.checkout.flows import Checkout
from kvitt.web import Route


def routes(checkout: Checkout) -> list[Route]:
    return [
        *session_routes(checkout),
        *update_routes(checkout),
        *transaction_routes(checkout),
        *list_routes(checkout),
        *profile_routes(checkout),
        *customer_routes(checkout),
        *view_routes(checkout),
        *merchant_initiated_routes(checkout),
        *token_routes(checkout),
        *returning_routes(checkout),
    ]
