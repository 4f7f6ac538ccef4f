from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Info:
    title: str = "kvitt"
    version: str = "0.1.0"
    description: str = ""
