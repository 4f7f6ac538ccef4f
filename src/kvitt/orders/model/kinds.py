"""Bounded kinds of values. What the reference leaves open is kept as JSON and comes back as it was sent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeAlias

from msgspec import Meta

Id = Annotated[str, Meta(max_length=100)]
RequiredId = Annotated[str, Meta(min_length=1, max_length=100)]
Name = Annotated[str, Meta(max_length=255)]
Text = Annotated[str, Meta(max_length=2000)]
DecimalText = Annotated[str, Meta(max_length=40, description="A decimal number as text, kept as sent")]
LineId = Annotated[int, Meta(ge=0, le=2**53 - 1, description="Unique within the order")]
PartsPerMillion = Annotated[int, Meta(ge=0, le=10**15, description="A rate in parts per million")]
Moment = Annotated[datetime, Meta(tz=True)]

Metadata: TypeAlias = dict[str, Any]
Anything: TypeAlias = Any
"""JSON of a shape that the reference does not tell."""
