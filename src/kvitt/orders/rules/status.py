"""The one place where an order's payment_status and status come from: what happened, never an assignment.

    total    = net - cancelled        the sum of all lines, less what was cancelled of them
    captured, refunded                successful operations, signed

    refunded > 0                      refunded >= captured → refunded, else partially_refunded
    captured > 0                      captured >= total → paid, else partially_paid
    captured = total = 0, no part of it cancelled → paid
    otherwise                         pending

Two choices where the public documentation is silent:

- Cancellations make the total smaller. An order of 60700 of which 24900 was cancelled is paid when 35800 is captured:
  nothing more is owed, and a shop that waits for "paid" before it ships would wait for ever.
- An order that costs nothing is paid on completion, for the same reason: nothing will ever be captured of it. An
  order whose whole amount was cancelled stays pending instead: nobody paid, and nothing is to be shipped.
"""

from __future__ import annotations

from kvitt.orders.model import Order
from kvitt.orders.model.documents import OrderStatus, PaymentStatus
from kvitt.orders.rules.remaining import amount_of


def payment_status(order: Order) -> PaymentStatus:
    cancelled = amount_of(order.cancellations)
    captured = amount_of(order.captures)
    refunded = amount_of(order.refunds)
    total = order.net_amount - cancelled
    if refunded > 0:
        return "refunded" if refunded >= captured else "partially_refunded"
    if captured > 0:
        return "paid" if captured >= total else "partially_paid"
    return "paid" if captured == 0 == total and not cancelled else "pending"


def status(order: Order) -> OrderStatus:
    """Follows from the moments of closing and cancelling; payment operations do not change it."""
    if order.cancelled_at is not None:
        return "cancelled"
    return "closed" if order.closed_at is not None else "open"
