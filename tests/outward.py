"""A watch on every attempt of Python code to reach another machine, through the interpreter's own audit events."""

import socket
import sys
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

LOCAL_NAMES = {"localhost", "", "0.0.0.0", "::", socket.gethostname()}


def destination(event: str, args: tuple[Any, ...]) -> str | None:
    """Return the other machine that an event of the interpreter is about to reach or to look up; None when it stays here."""
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = args[1]
        host = address[0] if isinstance(address, tuple) else ""  # a path or nothing: a socket of this machine
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0] or ""
    else:
        return None
    host = host.decode() if isinstance(host, bytes) else str(host)
    return None if host in LOCAL_NAMES or is_loopback(host) else host


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def watch(report: Callable[[str], None]) -> None:
    """Report every attempt from now on; an interpreter never forgets a watch."""

    def seen(event: str, args: tuple[Any, ...]) -> None:
        if event.startswith("socket.") and (host := destination(event, args)) is not None:
            report(f"{event} {host}")

    sys.addaudithook(seen)
