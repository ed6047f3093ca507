"""Which addresses are somebody else's on the open internet, and which are this machine's or this network's own.

The gateway posts to URLs that apps choose. What it may reach and an app may not (metadata of a cloud, a database on
the same host) must not be reached for the app. A name is judged when its address is known, and by that address alone:
a name may mean another one the next time that it is asked for.

Source: the IANA registries of special-purpose addresses, as Python's `ipaddress` has them; RFC 4291, 3056 and 6052 for
addresses that have an IPv4 address inside.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: what a network with DNS64 makes of every IPv4 address


def is_public(address: str) -> bool:
    """Say whether an address, as a socket is given it, is on the open internet; what is no address is not.

    Args:
        address: IPv4 or IPv6, with or without a scope (`fe80::1%eth0`).
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inside = _inside(parsed)
    return _is_open(parsed if inside is None else inside)


def _inside(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to an IPv6 address end at."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def _is_open(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and address.is_site_local:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved
