"""What the administrator decides about connections that leave this server: where the other ends lie, and where data may go."""

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

HOME_ONLY = frozenset({"in"})
"""Countries whose instances keep everything at home unless SOMNIA_REGIONS says otherwise."""

AWS_COUNTRIES = {
    "af-south-1": "za",
    "ap-east-1": "hk",
    "ap-east-2": "tw",
    "ap-northeast-1": "jp",
    "ap-northeast-2": "kr",
    "ap-northeast-3": "jp",
    "ap-south-1": "in",
    "ap-south-2": "in",
    "ap-southeast-1": "sg",
    "ap-southeast-2": "au",
    "ap-southeast-3": "id",
    "ap-southeast-4": "au",
    "ap-southeast-5": "my",
    "ap-southeast-6": "nz",
    "ap-southeast-7": "th",
    "ca-central-1": "ca",
    "ca-west-1": "ca",
    "cn-north-1": "cn",
    "cn-northwest-1": "cn",
    "eu-central-1": "de",
    "eu-central-2": "ch",
    "eu-north-1": "se",
    "eu-south-1": "it",
    "eu-south-2": "es",
    "eu-west-1": "ie",
    "eu-west-2": "gb",
    "eu-west-3": "fr",
    "il-central-1": "il",
    "me-central-1": "ae",
    "me-south-1": "bh",
    "mx-central-1": "mx",
    "sa-east-1": "br",
}
"""The countries of the regions of AWS; those of the United States are told by their beginning."""


class Reading(Protocol):
    """Reads variables and collects what is wrong with them."""

    problems: list[str]

    def text(self, name: str, default: str) -> str: ...

    def flag(self, name: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class EgressSettings:
    """The settings of what may leave.

    `country` is where this instance is run (two letters), `regions` where data may go (none = anywhere), `declared` where the
    other end of each connection lies, by the connection's name, `webhook_hosts` whom webhooks may tell (`*`: anybody at a public
    address), `webhook_private` whether those may lie at addresses of a private network, `ai_url` where a language model words reports
    (empty: nowhere), `ai_model` which, `ai_key` the key that its service asks for.
    """

    country: str = ""
    regions: frozenset[str] = frozenset()
    declared: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))
    webhook_hosts: tuple[str, ...] = ()
    webhook_private: bool = False
    ai_url: str = ""
    ai_model: str = ""
    ai_key: str = field(default="", repr=False)

    @classmethod
    def read(cls, env: Reading) -> "EgressSettings":
        """Read the SOMNIA_ variables of what may leave."""
        country = env.text("COUNTRY", "").lower()
        given = env.text("REGIONS", country if country in HOME_ONLY else "")
        regions = frozenset(part.strip().lower() for part in given.split(",") if part.strip())
        declared = {
            "smtp": env.text("SMTP_REGION", ""),
            "oidc": env.text("OIDC_REGION", ""),
            "kms": env.text("KMS_REGION", ""),
            "database": env.text("DATABASE_REGION", ""),
            "counters": env.text("RATE_STORAGE_REGION", ""),
            "webhooks": env.text("WEBHOOK_REGION", ""),
            "ai_text": env.text("AI_REGION", ""),
        }
        if country and not re.fullmatch("[a-z]{2}", country):
            env.problems.append(f"SOMNIA_COUNTRY={country!r} is not a country's two letters, such as in or de")
        lower = MappingProxyType({name: region.lower() for name, region in declared.items() if region})
        hosts = tuple(env.text("WEBHOOK_HOSTS", "").lower().replace(",", " ").split())
        url, model, key = env.text("AI_URL", ""), env.text("AI_MODEL", ""), env.text("AI_KEY", "")
        if bool(url) != bool(model):
            env.problems.append("SOMNIA_AI_URL and SOMNIA_AI_MODEL go together: where the language model is, and which")
        if url and not re.fullmatch(r"https?://[^/@\s]+(/[^?#\s]*)?", url):
            env.problems.append("SOMNIA_AI_URL is no address such as https://ai.example.org/v1")
        return cls(country, regions, lower, hosts, env.flag("WEBHOOK_PRIVATE"), url, model, key)


def aws_country(region: str) -> str:
    """Return the country that a region of AWS lies in; a region that is not known yet stands for itself."""
    return "us" if region.startswith("us-") else AWS_COUNTRIES.get(region, region)
