"""Codes that a person reads out and another types: random, without look-alikes, kept as a keyed digest."""

import secrets

from somnia_server.store.house import house

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32 signs: 5 bits each, no I, L, O, U."""
ALIKE = str.maketrans("OIL", "011", "- \t\n")
GROUP = 4


def make_code(length: int) -> str:
    """Return a random code, in groups of four."""
    signs = "".join(secrets.choice(SIGNS) for _ in range(length))
    return "-".join(signs[at : at + GROUP] for at in range(0, length, GROUP))


def digest_code(purpose: str, code: str) -> str:
    """Return what is kept of a code; how it is typed (case, groups, O for 0) makes no difference."""
    return house().vault.fingerprint(purpose, code.upper().translate(ALIKE))
