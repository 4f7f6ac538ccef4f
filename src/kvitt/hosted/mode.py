"""How the page is shown: on its own, inside a shop's page, or in a window that a shop's page opened.

The web SDK says so in the address, with the query parameters that it adds to the session's id. Without them the page
is on its own, and no page may hold it in a frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from msgspec import Struct


class PageQuery(Struct, frozen=True):
    """What the web SDK sends. Each may be repeated by a clumsy link: the first counts, and nobody is kept from paying.

    `ui`: `inline` or `fullscreen`, in a frame. `role`: `pop_out_launcher` in a frame that only opens the window,
    `pop_out_payment` in that window. `told` is our own: the shop's page has heard how the payment ended.
    """

    sid: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    sdk: tuple[str, ...] = ()
    ui: tuple[str, ...] = ()
    role: tuple[str, ...] = ()
    client_side_validation: tuple[str, ...] = ()
    client_side_address_callback: tuple[str, ...] = ()
    hide_test_message: tuple[str, ...] = ()
    sdk_hostname: tuple[str, ...] = ()
    sdk_not_top_level: tuple[str, ...] = ()
    loader: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


_KEPT = tuple(name for name in PageQuery.__struct_fields__ if name not in ("sid", "language", "loader"))
_LONGEST = 200


@dataclass(frozen=True)
class Mode:
    """`holder`: what is around the page. `validates`, `asks_address`: the shop's page is asked before the customer
    pays, or about their address. `nested`: the shop's page is in a frame itself, so it cannot bring the customer to
    the top. `loads_only`: the shop's page is still checking, and will send the window on. `told`: it knows how the
    payment ended. `query`: the parameters, for links from this page to itself."""

    holder: Literal["nobody", "frame", "launcher", "window"] = "nobody"
    inline: bool = False
    validates: bool = False
    asks_address: bool = False
    hides_test: bool = False
    loads_only: bool = False
    nested: bool = False
    told: bool = False
    query: str = ""

    @property
    def framed(self) -> bool:
        return self.holder in ("frame", "launcher")


RESULT = Mode(holder="frame", inline=True)
"""What stands in the frame afterwards."""


def mode_of(query: PageQuery) -> Mode:
    role, ui = _first(query.role), _first(query.ui)
    holder: Literal["nobody", "frame", "launcher", "window"] = "nobody"
    if role == "pop_out_payment":
        holder = "window"
    elif role == "pop_out_launcher":
        holder = "launcher"
    elif ui in ("inline", "fullscreen"):
        holder = "frame"
    kept = [(name, _first(getattr(query, name))) for name in _KEPT]
    return Mode(
        holder=holder,
        inline=ui == "inline",
        validates=_first(query.client_side_validation) == "true",
        asks_address=_first(query.client_side_address_callback) == "true",
        hides_test=_first(query.hide_test_message) == "true",
        loads_only=_first(query.loader) == "true" and holder == "window",
        nested=_first(query.sdk_not_top_level) == "true",
        told=_first(query.told) == "true",
        query=urlencode([(name, text) for name, text in kept if text]),
    )


def _first(texts: tuple[str, ...]) -> str:
    return texts[0][:_LONGEST] if texts else ""
