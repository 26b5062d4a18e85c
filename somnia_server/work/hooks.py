"""Tells webhooks from the worker: signed as the Standard Webhooks specification has it, to addresses that were looked at first."""

import base64
import hashlib
import hmac
import http.client
import json
import logging
import socket
import ssl
import threading
import time
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from somnia_engine.text import t
from somnia_server import egress
from somnia_server.store import webhooks
from somnia_server.store.house import house
from somnia_server.store.webhooks import Delivery, key_of

log = logging.getLogger(__name__)

PATIENCE_S = 5.0
"""How long one delivery may take in all [s]."""
ROUND_S = 15.0
"""How long one round of deliveries may take: nights wait meanwhile [s]."""
GONE = 410
THINGS = {webhooks.NIGHT_READY: "night", webhooks.NIGHT_SIGNED: "night", webhooks.GRANT_CHANGED: "grant", webhooks.PING: "webhook"}


class HookError(Exception):
    """A delivery that did not arrive; the message says why, without the address."""


def deliver(at: datetime) -> int:
    """Tell what is to be told by now and return how much was taken; after a try that fails a webhook's others wait."""
    if not house().settings.egress.webhook_hosts:
        return 0
    until, failed, count = time.monotonic() + ROUND_S, set(), 0
    for delivery in webhooks.take_deliveries(at):
        if delivery.webhook in failed or time.monotonic() > until:
            webhooks.put_off(delivery, at + timedelta(seconds=ROUND_S))
            continue
        try:
            status = post(delivery, at)
        except HookError as error:
            log.warning("a webhook was not told: %s", error)
            status = None
        if status is not None and 200 <= status < 300:
            webhooks.told(delivery, at, status=status)
            count += 1
        else:
            failed.add(delivery.webhook)
            webhooks.refused(delivery, at, status=status, gone=status == GONE)
    return count


def body_of(delivery: Delivery) -> bytes:
    """Return what is told: the event, when it was, and ids."""
    data = {"user": delivery.subject, THINGS[delivery.event]: delivery.thing}
    return json.dumps({"type": delivery.event, "timestamp": delivery.created_at.isoformat(), "data": data}, separators=(",", ":")).encode()


def sign(delivery_id: str, at: datetime, body: bytes, *, secret: str) -> dict[str, str]:
    """Return the three headers by which the other end knows that a body is ours, whole and fresh."""
    stamp = str(int(at.timestamp()))
    mac = hmac.new(key_of(secret), b".".join((delivery_id.encode(), stamp.encode(), body)), hashlib.sha256).digest()
    return {"webhook-id": delivery_id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{base64.b64encode(mac).decode()}"}


def post(delivery: Delivery, at: datetime) -> int:
    """Send one delivery and return the status of the answer; redirections are not followed, bodies of answers not read.

    Raises
    ------
    HookError
        It may not be sent there, or no answer came in time.
    """
    body, parts = body_of(delivery), urlsplit(delivery.said.url)
    refusal = egress.webhook_refusal(delivery.said.url, house().settings)
    if refusal is not None:
        raise HookError(t(refusal))
    headers = sign(delivery.id, at, body, secret=delivery.said.secret) | {"Content-Type": "application/json", "User-Agent": "SOMNIA"}
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        egress.check("webhooks")
        with _connected(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), parts.scheme == "https") as line:
            connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE_S)
            connection.sock = line
            end = threading.Timer(PATIENCE_S, _hang_up, (line,))
            end.start()
            try:
                connection.request("POST", path, body=body, headers=headers)
                return connection.getresponse().status
            finally:
                end.cancel()
    except egress.EgressRefusedError as error:
        raise HookError(str(error)) from error
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        raise HookError(type(error).__name__) from error


def _connected(host: str, port: int, tls: bool) -> socket.socket:
    """Return a line to the first of a host's addresses that may be spoken to: the one that was looked at, whatever the name says next."""
    found = list(dict.fromkeys(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    allowed = egress.open_addresses(host, found, house().settings)
    if not allowed or len(allowed) < len(found):
        raise HookError("the address lies in a private network; SOMNIA_WEBHOOK_PRIVATE=1 would allow it")
    line = socket.create_connection((allowed[0], port), timeout=PATIENCE_S)
    return ssl.create_default_context().wrap_socket(line, server_hostname=host) if tls else line


def _hang_up(line: socket.socket) -> None:
    """End a line on which somebody answers too slowly."""
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        log.info("a line had ended already")
