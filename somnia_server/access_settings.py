"""What the administrator decides about accounts: mail, an identity provider of others, where tries are counted, proxies before us."""

from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Protocol
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
HERE = ("127.0.0.0/8", "::1/128")
RATE_SCHEMES = ("redis", "rediss", "unix", "redis+unix")


class Reading(Protocol):
    """Reads variables and collects what is wrong with them."""

    problems: list[str]

    def text(self, name: str, default: str) -> str: ...

    def number(self, name: str, default: int, *, low: int, high: int) -> int: ...


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """The settings of accounts; without `smtp_host` no mail is sent, without `oidc_issuer` nobody else vouches for people.

    `rate_storage` is where tries are counted (empty = the database), `proxies` how many proxies of ours stand before the server,
    `public_url` under which address people reach it, `admin_addresses` from where
    the API lets administrators work, `cors_origins` which other sites' scripts may ask the API.
    """

    smtp_host: str = ""
    smtp_port: int = 587
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    smtp_from: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    rate_storage: str = field(default="", repr=False)
    proxies: int = 0
    public_url: str = ""
    admin_addresses: tuple[str, ...] = HERE
    cors_origins: tuple[str, ...] = ()

    @classmethod
    def read(cls, env: Reading) -> "AccessSettings":
        """Read the SOMNIA_ variables of accounts."""
        return cls(
            smtp_host=env.text("SMTP_HOST", ""),
            smtp_port=env.number("SMTP_PORT", 587, low=1, high=65535),
            smtp_user=env.text("SMTP_USER", ""),
            smtp_password=env.text("SMTP_PASSWORD", ""),
            smtp_from=env.text("SMTP_FROM", ""),
            oidc_issuer=env.text("OIDC_ISSUER", "").rstrip("/"),
            oidc_client_id=env.text("OIDC_CLIENT_ID", ""),
            oidc_client_secret=env.text("OIDC_CLIENT_SECRET", ""),
            rate_storage=env.text("RATE_STORAGE", ""),
            public_url=env.text("PUBLIC_URL", "").rstrip("/"),
            admin_addresses=_words(env.text("ADMIN_ADDRESSES", " ".join(HERE))),
            cors_origins=_words(env.text("CORS_ORIGINS", "")),
            proxies=env.number("PROXIES", 0, low=0, high=10),
        )

    def problems(self) -> list[str]:
        """Return why these settings cannot be used, one sentence each."""
        found = []
        if self.smtp_host and "@" not in self.smtp_from:
            found.append("SOMNIA_SMTP_FROM is needed with SOMNIA_SMTP_HOST: the address that mail comes from")
        if self.oidc_issuer and not self.oidc_client_id:
            found.append("SOMNIA_OIDC_CLIENT_ID is needed with SOMNIA_OIDC_ISSUER")
        issuer = urlsplit(self.oidc_issuer)
        if self.oidc_issuer and issuer.scheme != "https" and issuer.hostname not in LOOPBACK:
            found.append(f"SOMNIA_OIDC_ISSUER={self.oidc_issuer} is not https; only an issuer on loopback may be without")
        if self.rate_storage and urlsplit(self.rate_storage).scheme not in RATE_SCHEMES:
            found.append(f"SOMNIA_RATE_STORAGE is neither empty (the database) nor a redis address ({', '.join(RATE_SCHEMES)})")
        if self.public_url and urlsplit(self.public_url).scheme not in {"http", "https"}:
            found.append(f"SOMNIA_PUBLIC_URL={self.public_url} is no address such as https://sleep.example.org")
        return found + self._wrong_addresses()

    def _wrong_addresses(self) -> list[str]:
        found = [
            f"SOMNIA_ADMIN_ADDRESSES={one} is no address or network such as 10.1.0.0/16"
            for one in self.admin_addresses
            if not _is_network(one)
        ]
        for one in self.cors_origins:
            site = urlsplit(one)
            if site.scheme not in {"http", "https"} or one != f"{site.scheme}://{site.netloc}" or not site.netloc or "*" in one:
                found.append(f"SOMNIA_CORS_ORIGINS={one} is no site such as https://clinic.example.org (no path, no *)")
        return found

    def problems_off_loopback(self) -> list[str]:
        """Return why these settings would be unsafe where others reach the server."""
        if (self.smtp_host or self.oidc_issuer) and not self.public_url:
            return ["SOMNIA_PUBLIC_URL is needed with SOMNIA_SMTP_HOST or SOMNIA_OIDC_ISSUER: where links in mails lead"]
        return []


def _words(listed: str) -> tuple[str, ...]:
    return tuple(listed.replace(",", " ").split())


def _is_network(said: str) -> bool:
    try:
        ip_network(said)
    except ValueError:
        return False
    return True
