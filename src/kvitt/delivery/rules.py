"""When a delivery counts as done, when it is tried again, and which addresses may be called.

    answer                                   becomes
    ---------------------------------------  ------------------------------------------
    200-399 (a redirect is not followed)     delivered
    400-499                                  dead: the shop says that it never will take it
    100-101, 500 and above                   retry
    no answer in 10 s, connection, TLS       retry
    the host's name leads to a refused       retry: a name can be put right
      address
    the URL itself is refused (http or a     dead: it was frozen with its cause
      private address, live account)

Twenty tries in all. The wait after try n is 10 s * 2^(n-1), at most an hour, less up to a fifth of it by chance so that
shops that failed together are not called together: 8-10 s, 16-20 s, ... 48-60 min; given up after about ten hours.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta

from kvitt.delivery.model import Outcome, Result

MAX_TRIES = 20
TIMEOUT_SECONDS = 10.0
FIRST_WAIT_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 3600.0
_JITTER = 0.2

_PERMANENT_FAULTS = frozenset(("scheme", "url", "unreadable"))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NEVER_PUBLIC = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))
"""Protocol assignments, the old 6to4 relays, documentation: of the IANA's special registries, what `is_global` of
some Python releases misses."""
_CREDENTIALS = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "192.0.0.192", "fd00:ec2::254")))
"""Where data centres hand out a machine's credentials at addresses that are not link-local."""


def wait_after(tries: int, jitter: float) -> timedelta:
    """How long to wait after the `tries`-th try (1 is the first). `jitter`: a random number from 0 up to 1."""
    doubled = FIRST_WAIT_SECONDS * 2.0 ** (min(tries, MAX_TRIES) - 1)
    return timedelta(seconds=min(doubled, LONGEST_WAIT_SECONDS) * (1 - _JITTER * jitter))


def outcome_of(result: Result, tries: int, now: datetime, jitter: float) -> Outcome:
    """What becomes of a delivery whose `tries`-th try ended in `result`."""
    status = result.status
    if status is not None and 200 <= status <= 399:
        return Outcome("delivered", result)
    if status is not None and 400 <= status <= 499:
        return Outcome("dead", result)
    if result.fault in _PERMANENT_FAULTS:
        return Outcome("dead", result)
    if tries >= MAX_TRIES:
        return Outcome("dead", result)
    return Outcome("retry", result, now + wait_after(tries, jitter))


def may_call(address: str, *, live: bool) -> bool:
    """Whether a request of an account may go to this IP address.

    Live accounts reach public addresses only, so that nobody makes kvitt knock at its own network from inside. Test
    accounts may reach private networks and this machine too, where a developer's shop runs, but never link-local
    addresses and the few others that hand out the machine's credentials in a data centre.
    """
    try:
        ip = _effective(ipaddress.ip_address(address))
    except ValueError:
        return False
    if ip.is_multicast or ip.is_link_local or ip in _CREDENTIALS:
        return False
    if not live:
        return True
    if any(ip in network for network in _NEVER_PUBLIC):
        return False
    return ip.is_global and not ip.is_reserved and not getattr(ip, "is_site_local", False)


def _effective(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 address stands for (mapped, 6to4, Teredo, NAT64), or the address itself."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)
