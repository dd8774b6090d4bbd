"""What a server of a test may not do: ask for anything outside this machine, or open a canary."""

from __future__ import annotations

import sys

_OF_THIS_MACHINE = {"127.0.0.1", "localhost", "::1", "0.0.0.0", "", None}


def refuse() -> None:
    """Refuse it for the rest of the process, and print what was tried."""
    sys.addaudithook(_refuse)


def _refuse(event: str, args: tuple[object, ...]) -> None:
    if event == "open" and "canary" in str(args[0]):
        print("a canary was opened:", args[0], file=sys.stderr, flush=True)
        raise PermissionError(args[0])
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return
    if host not in _OF_THIS_MACHINE:
        print("the network was asked for:", host, file=sys.stderr, flush=True)
        raise ConnectionRefusedError(host)
