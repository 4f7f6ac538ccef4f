"""What all tortures can be told on their command lines."""

from __future__ import annotations

import argparse
import secrets


def parser(prog: str, description: str, *, patient: bool = True) -> argparse.ArgumentParser:
    """`patient`: shops live one order to its end before they begin the next."""
    made = argparse.ArgumentParser(prog=prog, description=description)
    made.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of what is left to chance [random]")
    made.add_argument("--clients", type=int, default=24, help="orders at once [%(default)s]")
    made.add_argument("--accounts", type=int, default=4, help="accounts [%(default)s]")
    made.add_argument("--rest", type=float, default=0.2, help="seconds between a client's orders [%(default)s]")
    made.add_argument("--trouble", type=float, default=0.05, help="share of requests the receiver fails [%(default)s]")
    made.add_argument("--patience", type=float, default=900, help="seconds for all to settle in the end [%(default)s]")
    made.add_argument("--limit", type=int, default=3600, help="seconds after which it gives up [%(default)s]")
    made.add_argument("--hurry", action="store_true", help="in the end move the accounts' clocks instead of waiting")
    made.add_argument("--folder", help="where the data folder is made [the system's temporary folder]")
    made.set_defaults(patient=patient)
    return made
