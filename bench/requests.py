"""The twelve requests of one order's life, as the load generator sends them.

Each step names what it takes from the answer and what the answer must contain; an answer without it is a failure.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

AMOUNT = 39800

DRAFT = (
    '{"options":{"generate_order_id":"ALPHANUMERIC_9"},"order":{"currency":"NOK","items":[{"id":"175938","line_id":1,'
    '"quantity":2,"gross_amount":39800,"tax_lines":[{"amount":7960,"percentage":25}],'
    '"description":"Stablestol for utendørsbruk","description_alias":"Stablestol"}]}}'
)
SESSION = (
    '{{"url":{{"return_url":"{sink}/thanks","callback_url":"{sink}/callback"}},"order":{{"amount":39800,"currency":"NOK",'
    '"merchant_reference":"{order_id}","vat_amount":7960,"items":[{{"id":"175938","line_id":"1","description":'
    '"Stablestol","quantity":2,"amount":39800,"vat_amount":7960,"vat":25}}]}},"profile_id":"default"}}'
)
PAY = (
    '{{"payment_product_type":"dintero_psp.creditcard",'
    '"card":{{"number":"4000000000000002","expiry":"12/30","cvc":"123"}}}}'
)
REGISTER = (
    '{{"items":[{{"amount":39800,"line_id":1}}],"payment_details":{{"payment_id":"{transaction_id}"}},"success":true}}'
)
OPERATE = '{{"amount":39800,"items":[{{"line_id":"1","amount":39800}}]}}'


@dataclass(frozen=True)
class Step:
    """`path` and `body` are templates over what earlier answers gave. `expects` must stand in the answer."""

    name: str
    method: str
    path: str
    body: str = ""
    expects: bytes = b""
    takes: str = ""
    customer: bool = False
    """The customer's request: carries no token."""


_SHOPPING = "/v1/accounts/{account_id}/shopping"

STEPS = (
    Step("draft", "POST", f"{_SHOPPING}/draft_orders", DRAFT.replace("{", "{{").replace("}", "}}"), takes="draft_id"),
    Step("complete", "PUT", f"{_SHOPPING}/draft_orders/{{draft_id}}/complete", "{{}}", takes="order_id"),
    Step("session", "POST", "/v1/sessions-profile", SESSION, takes="session_id"),
    Step("view", "GET", "/v1/view/{session_id}/session", expects=b'"state":"open"', customer=True),
    Step("pay", "POST", "/v1/sessions/{session_id}/pay", PAY, takes="transaction_id", customer=True),
    Step("transaction", "GET", "/v1/transactions/{transaction_id}", expects=b'"status":"AUTHORIZED"'),
    Step("authorization", "POST", f"{_SHOPPING}/orders/{{order_id}}/authorizations", REGISTER, b'"amount":39800'),
    Step("capture", "POST", "/v1/transactions/{transaction_id}/capture", OPERATE, b'"status":"CAPTURED"'),
    Step("order capture", "POST", f"{_SHOPPING}/orders/{{order_id}}/captures", REGISTER, b'"amount":39800'),
    Step("refund", "POST", "/v1/transactions/{transaction_id}/refund", OPERATE, b'"status":"REFUNDED"'),
    Step("order refund", "POST", f"{_SHOPPING}/orders/{{order_id}}/refunds", REGISTER, b'"amount":39800'),
    Step("order", "GET", f"{_SHOPPING}/orders/{{order_id}}", expects=b'"payment_status":"refunded"'),
)


class _Order(msgspec.Struct):
    order_id: str


class _Answer(msgspec.Struct):
    """What any of the answers gives that a later request needs."""

    id: str = ""
    transaction_id: str = ""
    orders: tuple[_Order, ...] = ()


_decode = msgspec.json.Decoder(_Answer).decode


def taken(step: Step, body: bytes) -> str:
    """What the step takes from its answer; raises ValueError when it is not there."""
    answer = _decode(body)
    if step.takes == "order_id":
        value = answer.orders[0].order_id if answer.orders else ""
    else:
        value = answer.transaction_id if step.takes == "transaction_id" else answer.id
    if not value:
        raise ValueError(f"no {step.takes} in the answer")
    return value
