"""What can leave this server: every outward connection, whether it is on, where it leads, and whether it may lead there.

A connection that is not in this list is not made: whoever opens one calls `check` first, and a test walks the imports.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from somnia_engine.text import Text
from somnia_server.access_settings import LOOPBACK
from somnia_server.egress_settings import aws_country
from somnia_server.key_settings import region_of

if TYPE_CHECKING:
    from somnia_server.settings import Settings


class EgressRefusedError(Exception):
    """A connection may not be opened; the message says which, why, and which setting decides."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """A connection as an instance's settings leave it.

    `switch` is the setting that turns it on (empty: this version has none), `host` where it leads (None while it is off), `region`
    where that is said to lie, `allowed` whether data may go there.
    """

    name: str
    title: Text
    purpose: Text
    data: Text
    switch: str
    host: str | None
    region: str | None
    allowed: bool

    @property
    def on(self) -> bool:
        """Whether the settings turn it on."""
        return self.host is not None

    @property
    def leaves(self) -> bool:
        """Whether it is on and leads to another machine than this one."""
        return self.on and self.host not in LOOPBACK


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    title: Text
    purpose: Text
    data: Text
    switch: str = ""
    host: Callable[["Settings"], str | None] = lambda _settings: None


def listing() -> tuple[Outlet, ...]:
    """Return every connection of the current application."""
    from somnia_server.store.house import house

    return outlets(house().settings)


def outlets(settings: "Settings") -> tuple[Outlet, ...]:
    """Return every connection under some settings."""
    return tuple(_outlet(kind, settings) for kind in KINDS)


def problems(settings: "Settings") -> list[str]:
    """Return which connections are turned on towards a place where data may not go, or could be read on the way, one sentence each."""
    found = [f"{outlet.switch}: {_refusal(outlet, settings)}" for outlet in outlets(settings) if outlet.on and not outlet.allowed]
    return found + _readable_on_the_way(settings)


def _readable_on_the_way(settings: "Settings") -> list[str]:
    """Return which connections to other machines anybody between could read, one sentence each."""
    found = []
    kms, database, counters = _kms(settings), _database(settings), _counters(settings)
    if urlsplit(settings.keys.kms_endpoint or "").scheme == "http" and kms not in LOOPBACK:
        found.append(f"SOMNIA_KMS_ENDPOINT={settings.keys.kms_endpoint} is not https; only a service on loopback may be without")
    if urlsplit(settings.egress.ai_url).scheme == "http" and _ai_text(settings) not in LOOPBACK:
        found.append("SOMNIA_AI_URL is not https; only a language model on loopback may be without")
    if settings.insecure_links:
        return found
    said = "only SOMNIA_INSECURE_LINKS=1 lets everybody on the way read along"
    if database not in {None, *LOOPBACK} and not _asked(settings.database_url, "sslmode") & ENCRYPTING:
        found.append(
            f"SOMNIA_DATABASE_URL leads to {database} and does not insist on encryption: add ?sslmode=verify-full (with sslrootcert=), "
            f"or at least ?sslmode=require; {said}"
        )
    if counters not in {None, *LOOPBACK} and urlsplit(settings.access.rate_storage).scheme != "rediss":
        found.append(f"SOMNIA_RATE_STORAGE leads to {counters} without encryption: write rediss:// instead of redis://; {said}")
    return found


def _asked(address: str, name: str) -> frozenset[str]:
    return frozenset(parse_qs(urlsplit(address).query).get(name, ()))


def check(name: str, settings: "Settings | None" = None) -> None:
    """Refuse a connection that is off, or leads where data may not go; ask before opening it.

    Raises
    ------
    EgressRefusedError
        The connection is unknown or off, or its region is not among the allowed ones.
    """
    if settings is None:
        from somnia_server.store.house import house

        settings = house().settings
    kind = next((kind for kind in KINDS if kind.name == name), None)
    if kind is None:
        raise EgressRefusedError(f"there is no outward connection {name!r}; there are {', '.join(kind.name for kind in KINDS)}")
    outlet = _outlet(kind, settings)
    if not outlet.on:
        raise EgressRefusedError(f"the connection {name!r} is off; {outlet.switch or 'no setting of this version'} turns it on")
    if not outlet.allowed:
        raise EgressRefusedError(_refusal(outlet, settings))


def _outlet(kind: _Kind, settings: "Settings") -> Outlet:
    host, region = kind.host(settings), _region(kind.name, settings)
    allowed = not settings.egress.regions or host in LOOPBACK or region in settings.egress.regions
    return Outlet(kind.name, kind.title, kind.purpose, kind.data, kind.switch, host, region, allowed)


def _region(name: str, settings: "Settings") -> str | None:
    """Return where a connection's other end lies: as its own id says, or else as the administrator declares."""
    known = region_of(settings.keys.kms_key_id or "") if name == "kms" and settings.keys.kms_endpoint is None else None
    return aws_country(known) if known else settings.egress.declared.get(name)


def _refusal(outlet: Outlet, settings: "Settings") -> str:
    places = ", ".join(sorted(settings.egress.regions))
    variable = REGION_VARIABLES.get(outlet.name, "its region")
    said = f"lies in {outlet.region!r}" if outlet.region else f"has no declared region ({variable})"
    return f"{outlet.host} {said}; data may go to {places} only (SOMNIA_REGIONS, SOMNIA_COUNTRY)"


def _smtp(settings: "Settings") -> str | None:
    return settings.access.smtp_host or None


def _oidc(settings: "Settings") -> str | None:
    return _host(settings.access.oidc_issuer)


def _kms(settings: "Settings") -> str | None:
    if settings.keys.kms_endpoint is not None:
        return _host(settings.keys.kms_endpoint)
    key_id = settings.keys.kms_key_id
    return f"kms.{region_of(key_id) or 'REGION'}.amazonaws.com" if key_id is not None else None


def _counters(settings: "Settings") -> str | None:
    given = settings.access.rate_storage
    return (_host(given) or "localhost") if given else None  # a socket of this machine has no host


def _webhooks(settings: "Settings") -> str | None:
    hosts = settings.egress.webhook_hosts
    return (", ".join(host for host in hosts if host not in LOOPBACK) or hosts[0]) if hosts else None


def _ai_text(settings: "Settings") -> str | None:
    return _host(settings.egress.ai_url) if settings.egress.ai_url else None


def webhook_refusal(url: str, settings: "Settings") -> Text | None:
    """Return why a webhook may not lead to an address; None when it may, as far as its name tells: `open_addresses` looks further."""
    try:
        parts = urlsplit(url)
        host, _port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    hosts = settings.egress.webhook_hosts
    if not hosts:
        return Text("Webhooks are off on this server: SOMNIA_WEBHOOK_HOSTS names whom they may tell.")
    if not host or parts.username is not None or parts.fragment or parts.scheme not in ("https", "http"):
        return Text("“{url}” is no address for a webhook. Give one such as https://clinic.example.org/somnia.", {"url": url[:100]})
    if host not in hosts and "*" not in hosts:
        return Text("Webhooks of this server may not tell {host}: SOMNIA_WEBHOOK_HOSTS names whom they may.", {"host": host[:100]})
    if parts.scheme == "http" and not (host in LOOPBACK and host in hosts):
        return Text("A webhook's address begins with https://.")
    literal = "127.0.0.1" if host == "localhost" else host
    if _is_address(literal) and not open_addresses(host, [literal], settings):
        return Text("{host} lies in a private network; only SOMNIA_WEBHOOK_PRIVATE=1 opens those to webhooks.", {"host": host[:100]})
    return None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def open_addresses(host: str, found: Iterable[str], settings: "Settings") -> list[str]:
    """Return to which of a host's network addresses a webhook may connect: public ones, and private ones when the settings allow it."""
    named = host in LOOPBACK and host in settings.egress.webhook_hosts
    return [one for one in found if _public(one) or settings.egress.webhook_private or (named and ip_address(one).is_loopback)]


def _public(address: str) -> bool:
    found = ip_address(address.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None) or found
    return found.is_global and inner.is_global and not found.is_multicast


def _database(settings: "Settings") -> str | None:
    return _host(settings.database_url)


def _host(address: str) -> str | None:
    """Return the machine that an address names, also in its query as PostgreSQL allows; None when it names a file or a socket."""
    parts, asked = urlsplit(address), parse_qs(urlsplit(address).query)
    named = [parts.hostname, *(host for key in ("host", "hostaddr") for hosts in asked.get(key, ()) for host in hosts.split(","))]
    hosts = [host for host in named if host and not host.startswith("/")]
    return next((host for host in hosts if host not in LOOPBACK), hosts[0] if hosts else None)


ENCRYPTING = frozenset({"require", "verify-ca", "verify-full"})
"""How PostgreSQL is asked for a connection that nobody can read; only the last two also see to whom it leads."""
REGION_VARIABLES = {
    "smtp": "SOMNIA_SMTP_REGION",
    "oidc": "SOMNIA_OIDC_REGION",
    "kms": "SOMNIA_KMS_REGION",
    "database": "SOMNIA_DATABASE_REGION",
    "counters": "SOMNIA_RATE_STORAGE_REGION",
    "webhooks": "SOMNIA_WEBHOOK_REGION",
    "ai_text": "SOMNIA_AI_REGION",
}

KINDS = (
    _Kind(
        "smtp",
        Text("Mail"),
        Text("Sends confirmations, one-time codes, links for a forgotten password, and notices."),
        Text("The address and what the mail says: a link, a code, that something happened. Never a night, a number or a finding."),
        "SOMNIA_SMTP_HOST",
        _smtp,
    ),
    _Kind(
        "oidc",
        Text("Identity provider"),
        Text("Lets people log in with an account that they have elsewhere."),
        Text("That somebody logs in here, and when. Nothing that SOMNIA keeps about them."),
        "SOMNIA_OIDC_ISSUER",
        _oidc,
    ),
    _Kind(
        "kms",
        Text("Key service"),
        Text("Opens the master key when SOMNIA starts."),
        Text("The master key in its wrapped form. Nothing about a person."),
        "SOMNIA_KMS_KEY_ID",
        _kms,
    ),
    _Kind(
        "database",
        Text("Database"),
        Text("Keeps everything, when it does not run on this machine."),
        Text("Everything that is kept: sealed, except ids, dates, states and times."),
        "SOMNIA_DATABASE_URL",
        _database,
    ),
    _Kind(
        "counters",
        Text("Counters"),
        Text("Counts tries at the doors for several servers together."),
        Text("Network addresses and the e-mail addresses that were tried, for 15 minutes."),
        "SOMNIA_RATE_STORAGE",
        _counters,
    ),
    _Kind(
        "object_store",
        Text("Object store"),
        Text("Would keep large files outside this machine."),
        Text("Sealed files. This version has no such connection."),
    ),
    _Kind(
        "ai_text",
        Text("AI text"),
        Text("Puts a night’s numbers into words, for people who agreed to it."),
        Text("Numbers of a night. Never a name, a date, a note or a finding."),
        "SOMNIA_AI_URL",
        _ai_text,
    ),
    _Kind(
        "webhooks",
        Text("Webhooks"),
        Text("Tells other systems, where people ask for it, that a night is ready or signed or that sharing changed."),
        Text("What happened and when, with ids. Never a night, a number or a finding."),
        "SOMNIA_WEBHOOK_HOSTS",
        _webhooks,
    ),
)
"""Every connection that this server can open to another machine."""
