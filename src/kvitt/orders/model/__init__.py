"""The nouns of the order service, as the wire spells them."""

from kvitt.orders.model.documents import (
    MAX_ITEMS,
    MAX_LINES,
    MAX_OPERATIONS,
    MAX_SPLIT,
    Draft,
    DraftOptions,
    DraftOrder,
    DraftRecord,
    Order,
    OrderContent,
    OrderRecord,
)
from kvitt.orders.model.kept import DRAFTS, ORDERS
from kvitt.orders.model.lines import DiscountLine, Item, RelatedItem, TaxLine
from kvitt.orders.model.operations import Operation, OperationItem, OperationRequest, PaymentDetails, Verb
from kvitt.orders.model.origin import Origin
from kvitt.orders.model.parties import Address, Customer, DeliveryAddress, Store

__all__ = [
    "DRAFTS",
    "MAX_ITEMS",
    "MAX_LINES",
    "MAX_OPERATIONS",
    "MAX_SPLIT",
    "ORDERS",
    "Address",
    "Customer",
    "DeliveryAddress",
    "DiscountLine",
    "Draft",
    "DraftOptions",
    "DraftOrder",
    "DraftRecord",
    "Item",
    "Operation",
    "OperationItem",
    "OperationRequest",
    "Order",
    "OrderContent",
    "OrderRecord",
    "Origin",
    "PaymentDetails",
    "RelatedItem",
    "Store",
    "TaxLine",
    "Verb",
]
