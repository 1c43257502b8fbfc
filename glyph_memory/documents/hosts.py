"""Which hosts may be asked: public ones, and those that are allowed by name. Knows names and addresses of networks."""

from __future__ import annotations

import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from glyph_memory.errors import DocumentError

_TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv6 addresses that a gateway turns into the IPv4 address in their last 32 bits."""


def resolve(host: str, port: int, *, allowed: Collection[str] = ()) -> tuple[str, ...]:
    """Return a host's addresses, all of which are public unless it is allowed; connect to these, not to its name.

    A name may be resolved again when a connection is made, and then lead elsewhere.

    Args:
        host: A name or an address.
        port: Where it listens.
        allowed: Hosts that may be anywhere.

    Raises:
        DocumentError: There is no such host, or it is not public.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DocumentError(f"there is no host {host!r}; is the address spelled right?") from error
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    if _normalize(host) in map(_normalize, allowed):
        return addresses
    for address in addresses:
        if not is_public(address):
            raise DocumentError(
                f"the host {host!r} is on a private or reserved network ({address}), which documents may not lead "
                f"into; where that is meant, name it: LoadOptions(allow_hosts=({host!r},))"
            )
    return addresses


def is_public(address: str) -> bool:
    """Return whether an address is one of the public internet: not private, loopback, link-local or reserved.

    Args:
        address: Of IPv4 or IPv6; one of IPv4 that hides in one of IPv6 counts as what it leads to.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in _list_hidden(found))


def _list_hidden(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """Return an address, or the ones that it stands for."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _TRANSLATED:
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    hidden: list[IPv4Address | IPv6Address] = [address]
    if address.sixtofour is not None:
        hidden.append(address.sixtofour)
    if address.teredo is not None:
        hidden += address.teredo
    return hidden


def _normalize(host: str) -> str:
    return host.strip().strip("[]").rstrip(".").lower()
