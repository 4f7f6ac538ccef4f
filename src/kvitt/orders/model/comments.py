"""What people write on an order."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

MAX_COMMENTS = 200
"""Comments of one order."""

CommentText = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class Comment(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    id: str
    text: str
    created_at: datetime
    created_by: str
