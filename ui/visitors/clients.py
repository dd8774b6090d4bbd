"""Who a request is from, for limits: an account where there is a login, or else an address."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from ui.visitors.limits import LOOPBACK_FACTOR

ACCOUNT = "inquote.account"
"""The key of a scope under which `ui.server.access.Login` names the account that is logged in."""

_LOOPBACK = ("address 127.", "address ::/64")  # ::1 is counted with its network
_HOME_NETWORK = 64  # bits of an IPv6 address that one customer usually has


def client_of(scope: Mapping[str, Any]) -> str:
    """Return the name by which the work and the bytes of a request's sender are counted.

    All IPv6 addresses of a /64 network count as one client, as one person may have all of them.
    An IPv4 address in the form of an IPv6 one counts as the IPv4 address.
    """
    account = scope.get(ACCOUNT)
    if account is not None:
        return f"account {account}"
    host = str((scope.get("client") or ("", 0))[0])
    address = parse_address(host)
    if address is None:
        return f"address {host}"
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address  # what listens on both sees IPv4 so
    if address.version == 6:
        return f"address {ipaddress.ip_network((address, _HOME_NETWORK), strict=False)}"
    return f"address {address}"


def account_of(client: str) -> str:
    """Return the client if it is an account, and nothing if it is an address."""
    return client if client.startswith("account ") else ""


def share_of(client: str, usual: int) -> int:
    """Return a client's limit: the usual one, or more for this machine's own addresses.

    Everybody who comes through a proxy or a tunnel that is not named with `--proxy` has one of
    these.
    """
    return usual * LOOPBACK_FACTOR if client.startswith(_LOOPBACK) else usual


def parse_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address that a host is given by; None if it is a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def announced_bytes(headers: Mapping[str, str]) -> int | None:
    """Return how large a request says its body is; None if it does not say so."""
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() else None
