"""Who acts: every question to a store names its actor, and the store adds by itself what that actor may reach."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is to this instance; `USER` is the patient."""

    VISITOR = "visitor"
    USER = "user"
    DOCTOR = "doctor"
    ADMIN = "admin"
    KIOSK = "kiosk"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks: a visitor (`v-…`), an account (`u-…`) or a kiosk (`k-…`).

    `scopes` is what a token allows; None in a browser's own session, which may whatever its role may.
    """

    id: str
    role: Role
    scopes: frozenset[str] | None = None

    @classmethod
    def owner(cls, owner: str) -> "Actor":
        """Return who acts when a worker does what an owner asked for."""
        return cls(owner, Role.VISITOR if owner.startswith("v-") else Role.USER)


def pseudonym(owner: str) -> str:
    """Return what a person is called on paper and in files for others: the same each time, and no way back without the database."""
    return hashlib.sha256(owner.encode()).hexdigest()[:8].upper()
