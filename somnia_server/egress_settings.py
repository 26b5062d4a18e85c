"""What the administrator decides about connections that leave this server: where the other ends lie, and where data may go."""

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

HOME_ONLY = frozenset({"in"})
"""Countries whose instances keep everything at home unless SOMNIA_REGIONS says otherwise."""


class Reading(Protocol):
    """Reads variables and collects what is wrong with them."""

    problems: list[str]

    def text(self, name: str, default: str) -> str: ...


@dataclass(frozen=True, slots=True)
class EgressSettings:
    """The settings of what may leave.

    `country` is where this instance is run (two letters), `regions` where data may go (none = anywhere), `declared` where the
    other end of each connection lies, by the connection's name.
    """

    country: str = ""
    regions: frozenset[str] = frozenset()
    declared: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def read(cls, env: Reading) -> "EgressSettings":
        """Read the SOMNIA_ variables of what may leave."""
        country = env.text("COUNTRY", "").lower()
        given = env.text("REGIONS", country if country in HOME_ONLY else "")
        regions = frozenset(part.strip().lower() for part in given.split(",") if part.strip())
        declared = {
            "smtp": env.text("SMTP_REGION", ""),
            "oidc": env.text("OIDC_REGION", ""),
            "database": env.text("DATABASE_REGION", ""),
            "counters": env.text("RATE_STORAGE_REGION", ""),
        }
        if country and not re.fullmatch("[a-z]{2}", country):
            env.problems.append(f"SOMNIA_COUNTRY={country!r} is not a country's two letters, such as in or de")
        return cls(country, regions, MappingProxyType({name: region.lower() for name, region in declared.items() if region}))
