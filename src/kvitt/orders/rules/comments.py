"""Writing on an order, and taking it away again. Orders of every status are written on."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from kvitt.core.errors import NotFound, problem
from kvitt.orders.model import OrderRecord
from kvitt.orders.model.comments import MAX_COMMENTS, Comment
from kvitt.orders.model.updates import CommentRequest
from kvitt.orders.rules.events import touched
from kvitt.orders.rules.refusals import InvalidComment, OrderFull


def commented(
    record: OrderRecord, request: CommentRequest, *, id: str, now: datetime, by: str, version: int
) -> OrderRecord:
    comments = record.order.comments
    text = _text(request)
    if len(comments) >= MAX_COMMENTS:
        raise OrderFull(f"an order takes at most {MAX_COMMENTS} comments: delete one first")
    comment = Comment(id=id, text=text, created_at=now, created_by=by)
    return replace(record, order=touched(replace(record.order, comments=(*comments, comment)), version, now))


def uncommented(record: OrderRecord, comment_id: str, *, now: datetime, version: int) -> OrderRecord:
    order = record.order
    rest = tuple(comment for comment in order.comments if comment.id != comment_id)
    if len(rest) == len(order.comments):
        raise NotFound(f"order {order.order_id} has no comment {comment_id}")
    return replace(record, order=touched(replace(order, comments=rest), version, now))


def _text(request: CommentRequest) -> str:
    text = request.text if request.text is not None else request.comment
    if text is None or not text.strip():
        message = "text is required, and must hold more than spaces"
        raise InvalidComment(message, problem(message, "text"))
    return text
