"""No network in tests: an audit hook refuses every look-up and every connection beyond loopback."""

from __future__ import annotations

import ipaddress
import sys

ASKED: list[str] = []
"""What was asked for and refused; the code under test may have swallowed the refusal."""

_LOOK_UPS = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_SENDS = {"socket.connect", "socket.sendto", "socket.sendmsg"}


def refuse_network() -> None:
    """Refuse the network for the rest of the process; a hook cannot be taken out again."""
    sys.addaudithook(_refuse)


def _refuse(event: str, args: tuple[object, ...]) -> None:
    if event in _LOOK_UPS:
        host = args[0]
    elif event in _SENDS and isinstance(args[1], tuple):  # other addresses are of this machine
        host = args[1][0]
    else:
        return
    if not _is_loopback(host):
        ASKED.append(f"{event} {host!r}")
        raise ConnectionRefusedError(f"no network in tests: {event} {host!r}")


def _is_loopback(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode(errors="replace")
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False
