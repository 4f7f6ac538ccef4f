"""From an approval to its page: what is said, by where it waits and what became of it."""

from __future__ import annotations

from kvitt.hosted.amounts import money
from kvitt.hosted.approval_facts import side_of
from kvitt.hosted.languages import Language
from kvitt.hosted.products import product_name
from kvitt.hosted.render import Look, Pages, Place
from kvitt.hosted.view import plain
from kvitt.sandbox.flows.approvals import Approval

TEST_CODE = "1234"
"""What the simulated bank sends to the phone. It stands on the page, and in the field already."""

_LOOKS = {
    "review": Look("approval.review", "plain", "search"),
    "approved": Look("approval.approved", "done", "done"),
    "declined": Look("approval.declined", "plain", "stop"),
    "expired": Look("approval.expired", "plain", "wait"),
}


def approval_page(pages: Pages, approval: Approval, seconds: int, language: Language, place: Place) -> bytes:
    """`seconds`: how long the customer still has."""
    waiting, review = approval.state == "waiting", approval.state == "waiting" and approval.in_review
    merchant = plain(approval.merchant_name) or language.say("merchant.nameless")
    payment = f"{place.root}/v1/view/{approval.session_id}?language={language.code}"
    return pages.html(
        "approval.html",
        language,
        place,
        look=_LOOKS.get("review" if review else approval.state),
        words=f"approval.{_words(approval)}",
        product=product_name(approval.payment_product_type, language),
        side=side_of(approval, language),
        merchant=merchant,
        amount=money(approval.amount, approval.currency, language.locale),
        waiting=waiting,
        counting=waiting and not review,
        challenge=TEST_CODE if waiting and not review and approval.kind == "three_d_secure" else "",
        left=clock_face(seconds),
        payment=payment,
        data={
            "waiting": waiting,
            "in_review": approval.in_review,
            "seconds": seconds if waiting and not review else None,
            "code": TEST_CODE,
            "urls": {"decide": place.path, "state": f"{place.path}/state"},
            "words": {
                **{key: language.say(key) for key in ("approval.busy", "approval.failed", "approval.minute")},
                "approval.code.empty": language.say("approval.code.empty"),
                "approval.code.wrong": language.say("approval.code.wrong", code=TEST_CODE),
            },
        },
    )


def _words(approval: Approval) -> str:
    if approval.state != "waiting":
        return approval.state
    return "review" if approval.in_review else approval.kind


def clock_face(seconds: int) -> str:
    """`9:05`, and `1:00:00` from an hour on."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
