"""What the administrator decides about the master key: given by the environment, kept in a file, or opened by a key service."""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

KEY_BYTES = 32


class Reading(Protocol):
    """Reads variables and collects what is wrong with them."""

    problems: list[str]

    def text(self, name: str, default: str) -> str:
        """Return a variable's text."""
        ...


@dataclass(frozen=True, slots=True)
class KeySettings:
    """Where the master key comes from, unless it lies in the key file.

    `master` is given by the environment, `former` the one that it replaces; `kms_key_id` names a key of a key service that wraps
    the master, `kms_endpoint` where that service is when it is not the provider's own.
    """

    master: bytes | None = field(default=None, repr=False)
    former: bytes | None = field(default=None, repr=False)
    kms_key_id: str | None = None
    kms_endpoint: str | None = None

    @classmethod
    def read(cls, env: Reading) -> "KeySettings":
        """Read the variables."""
        return cls(
            master=_key(env, "MASTER_KEY", env.text("MASTER_KEY", "")),
            former=_key(env, "MASTER_KEY_FORMER", env.text("MASTER_KEY_FORMER", "")),
            kms_key_id=env.text("KMS_KEY_ID", "") or None,
            kms_endpoint=env.text("KMS_ENDPOINT", "") or None,
        )

    @property
    def from_file(self) -> bool:
        """Whether the master lies in the key file itself."""
        return self.master is None and self.kms_key_id is None

    def problems(self) -> list[str]:
        """Return why these settings cannot be used, one sentence each."""
        found = []
        if self.master is not None and self.kms_key_id is not None:
            found.append("SOMNIA_MASTER_KEY and SOMNIA_KMS_KEY_ID are both given; choose where the master key comes from")
        if self.former is not None and self.master is None:
            found.append("SOMNIA_MASTER_KEY_FORMER is only of use beside the SOMNIA_MASTER_KEY that replaces it")
        if self.former is not None and self.former == self.master:
            found.append("SOMNIA_MASTER_KEY_FORMER is the same as SOMNIA_MASTER_KEY; give the key that was used before")
        if self.kms_endpoint is not None and self.kms_key_id is None:
            found.append("SOMNIA_KMS_ENDPOINT is only of use with SOMNIA_KMS_KEY_ID")
        if self.kms_endpoint is not None and not _is_address(self.kms_endpoint):
            found.append(f"SOMNIA_KMS_ENDPOINT={self.kms_endpoint!r} is not an address such as https://host:port")
        return found


def region_of(key_id: str) -> str | None:
    """Return the region that a full key id (arn:…:kms:REGION:…) names; None leaves it to the AWS variables."""
    parts = key_id.split(":")
    return parts[3] if key_id.startswith("arn:") and len(parts) > 5 else None


def _key(env: Reading, name: str, given: str) -> bytes | None:
    """Return a key that is given as base64; the message about a wrong one does not show it."""
    if not given:
        return None
    try:
        key = base64.b64decode(given, validate=True)
    except binascii.Error:
        env.problems.append(f"SOMNIA_{name} is not base64; make one with: head -c {KEY_BYTES} /dev/urandom | base64")
        return None
    if len(key) != KEY_BYTES:
        env.problems.append(f"SOMNIA_{name} holds {len(key)} bytes; {KEY_BYTES} random bytes in base64 are needed")
        return None
    return key


def _is_address(given: str) -> bool:
    parts = urlsplit(given)
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
