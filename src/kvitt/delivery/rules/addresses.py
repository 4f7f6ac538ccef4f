"""Which addresses may be called for whom."""

from __future__ import annotations

import ipaddress

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NEVER_PUBLIC = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))
"""Protocol assignments, the old 6to4 relays, documentation: of the IANA's special registries, what `is_global` of
some Python releases misses."""
_CREDENTIALS = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "192.0.0.192", "fd00:ec2::254")))
"""Where data centres hand out a machine's credentials at addresses that are not link-local."""


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
