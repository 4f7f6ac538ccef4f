"""From an approval to its page: what is said, by where it waits and what became of it."""

from __future__ import annotations

from kvitt.hosted.amounts import money
from kvitt.hosted.languages import Language
from kvitt.hosted.products import product_name
from kvitt.hosted.render import Look, Pages, Place
from kvitt.hosted.view import plain
from kvitt.sandbox.flows.approvals import Approval

_ICONS = {"three_d_secure": "lock", "app": "phone", "bank": "bank", "invoice": "invoice", "wallet": "wallet"}
_LOOKS = {
    "review": Look("approval.review", "plain", "search"),
    "approved": Look("approval.approved", "done", "done"),
    "declined": Look("approval.declined", "plain", "stop"),
    "expired": Look("approval.expired", "plain", "wait"),
}


def approval_page(pages: Pages, approval: Approval, seconds: int, language: Language, place: Place) -> bytes:
    """`seconds`: how long the customer still has."""
    waiting, review = approval.state == "waiting", approval.state == "waiting" and approval.in_review
    product = product_name(approval.payment_product_type, language)
    name = plain(approval.merchant_name)
    merchant = name or language.say("merchant.nameless")
    look = _LOOKS.get("review" if review else approval.state)
    if look is None:
        look = Look(f"approval.{approval.kind}", "plain", _ICONS[approval.kind])
    path = place.path
    return pages.html(
        "approval.html",
        language,
        place,
        look=look,
        product=product,
        merchant=merchant,
        heading=name or merchant.capitalize(),
        amount=money(approval.amount, approval.currency, language.locale),
        phone_number=plain(approval.phone_number),
        waiting=waiting,
        counting=waiting and not review,
        left=clock_face(seconds),
        payment=f"{place.root}/v1/view/{approval.session_id}?language={language.code}&returned=true",
        data={
            "waiting": waiting,
            "in_review": approval.in_review,
            "seconds": seconds if waiting and not review else None,
            "urls": {"decide": path, "state": f"{path}/state"},
            "words": {key: language.say(key) for key in ("approval.busy", "approval.failed", "approval.minute")},
        },
    )


def clock_face(seconds: int) -> str:
    """`9:05`, and `1:00:00` from an hour on."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
