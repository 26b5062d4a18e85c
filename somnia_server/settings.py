"""What the administrator decides: read once from the environment, checked as a whole, frozen."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from somnia_server import egress
from somnia_server.access_settings import LOOPBACK, AccessSettings
from somnia_server.egress_settings import EgressSettings
from somnia_server.key_settings import KEY_BYTES, KeySettings

DATABASES = ("sqlite:///", "postgresql://", "postgresql+psycopg://")
PROJECT = Path(__file__).resolve().parent.parent
MIB = 1024 * 1024
N = TypeVar("N", int, float)


class SettingsError(Exception):
    """The settings cannot be used; the message lists every reason, `reasons` each by itself."""

    def __init__(self, message: str, reasons: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.reasons = reasons or (message,)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one instance.

    `raw_hours` is how long raw uploads stay after their analysis (0 = they are deleted at once), `visitor_hours` how long a
    visitor's nights and uploads stay, `max_upload_bytes` the largest file, `visitor_upload_bytes` a visitor's,
    `tls` whether the pages are served over https,
    `insecure_http` whether they may be served to others without, `insecure_links` whether the database and the counters on another
    machine may be spoken to without encryption.
    """

    instance: Path
    database_url: str = field(repr=False)
    key_file: Path
    secret_key: str | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = 8050
    visitor_hours: float = 1.0
    raw_hours: float = 0.0
    max_upload_bytes: int = 4096 * MIB
    visitor_upload_bytes: int = 1024 * MIB
    analysis_memory_mib: int = 4096
    workers: int = 1
    tls: bool = False
    insecure_http: bool = False
    insecure_links: bool = False
    debug: bool = False
    styleguide: bool = False
    access: AccessSettings = field(default_factory=AccessSettings)
    keys: KeySettings = field(default_factory=KeySettings)
    egress: EgressSettings = field(default_factory=EgressSettings)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the SOMNIA_ variables; SettingsError lists every value that cannot be used."""
        env = _Reading(os.environ if environ is None else environ)
        instance = env.path("INSTANCE", PROJECT / "instance")
        settings = cls(
            instance=instance,
            database_url=env.text("DATABASE_URL", f"sqlite:///{instance / 'somnia.db'}"),
            key_file=env.path("KEY_FILE", _config_home(env.environ) / "somnia" / "master.key"),
            secret_key=env.text("SECRET_KEY", "") or None,
            host=env.text("HOST", "127.0.0.1"),
            port=env.number("PORT", 8050, low=1, high=65535),
            visitor_hours=env.number("VISITOR_HOURS", 1.0, low=0.01, high=8760.0),
            raw_hours=env.number("RAW_HOURS", 0.0, low=0.0, high=8760.0),
            visitor_upload_bytes=env.number("VISITOR_UPLOAD_MIB", 1024, low=1, high=1024 * 1024) * MIB,
            max_upload_bytes=env.number("MAX_UPLOAD_MIB", 4096, low=1, high=1024 * 1024) * MIB,
            analysis_memory_mib=env.number("ANALYSIS_MEMORY_MIB", 4096, low=512, high=1024 * 1024),
            workers=env.number("WORKERS", 1, low=0, high=64),
            tls=env.flag("TLS"),
            insecure_http=env.flag("INSECURE_HTTP"),
            insecure_links=env.flag("INSECURE_LINKS"),
            debug=env.flag("DEBUG"),
            styleguide=env.flag("STYLEGUIDE"),
            access=AccessSettings.read(env),
            keys=KeySettings.read(env),
            egress=EgressSettings.read(env),
        )
        refuse(env.problems + settings.problems())
        return settings

    def problems(self) -> list[str]:
        """Return why these settings would be unsafe, one sentence each."""
        found = []
        if self.key_file.resolve().is_relative_to(self.instance.resolve()):
            found.append(
                f"SOMNIA_KEY_FILE={self.key_file} lies inside SOMNIA_INSTANCE={self.instance}: with the data the key would be taken"
            )
        elif self.key_file.exists() and self.key_file.stat().st_size != KEY_BYTES:
            found.append(f"SOMNIA_KEY_FILE={self.key_file} has {self.key_file.stat().st_size} bytes; {KEY_BYTES} random bytes are needed")
        elif self.key_file.exists() and self.key_file.stat().st_mode & 0o077:
            found.append(f"SOMNIA_KEY_FILE={self.key_file} can be read by others; run: chmod 600 {self.key_file}")
        if not self.database_url.startswith(DATABASES):
            kind = self.database_url.partition(":")[0]
            found.append(f"SOMNIA_DATABASE_URL begins with {kind!r}; it is to begin with sqlite:/// or postgresql://")
        if self.secret_key is not None and len(self.secret_key) < KEY_BYTES:
            found.append(f"SOMNIA_SECRET_KEY has {len(self.secret_key)} characters; at least {KEY_BYTES} are needed")
        if self.serves_others:
            found += self._problems_before_others()
        return found + self.keys.problems() + self.access.problems() + egress.problems(self)

    @property
    def serves_others(self) -> bool:
        """Whether people at other machines reach the pages: directly, or through a proxy that stands before a loopback address."""
        return self.host not in LOOPBACK or self.access.proxies > 0

    def _problems_before_others(self) -> list[str]:
        where = f"SOMNIA_HOST={self.host}" if self.host not in LOOPBACK else f"SOMNIA_PROXIES={self.access.proxies}"
        found = []
        if self.debug:
            found.append(f"SOMNIA_DEBUG is only allowed on loopback; by {where} others reach the pages")
        if self.styleguide:
            found.append(f"SOMNIA_STYLEGUIDE is only allowed on loopback; by {where} others reach the pages")
        if self.secret_key is None:
            found.append(f"SOMNIA_SECRET_KEY is needed when by {where} others reach the pages: {KEY_BYTES} or more random characters")
        if self.lacks_key:
            found.append(f"SOMNIA_KEY_FILE={self.key_file} must exist before others reach the pages: python -m somnia_server.cli init")
        if not self.tls and not self.insecure_http:
            found.append(
                f"SOMNIA_TLS=1 is needed when by {where} others reach the pages: put a proxy that speaks https before SOMNIA, and count it "
                "in SOMNIA_PROXIES; only SOMNIA_INSECURE_HTTP=1 serves passwords and nights to others unencrypted"
            )
        return found + self.access.problems_off_loopback()

    @property
    def lacks_key(self) -> bool:
        """Whether there is no master key yet."""
        return self.keys.from_file and not self.key_file.exists()

    @property
    def keep(self) -> Path:
        """Where lies what must outlive the data and their backups: anchors of the audit log, tombstones; beside the key."""
        return self.key_file.parent / "keep"

    @property
    def temp(self) -> Path:
        """Where files lie unsealed while they are read; private, emptied after each use."""
        return self.instance / "tmp"

    @property
    def uploads(self) -> Path:
        """Where sealed uploads lie."""
        return self.instance / "uploads"

    @property
    def demo(self) -> Path:
        """Where the demo files lie; they belong to nobody."""
        return self.instance / "demo"

    @property
    def kms_file(self) -> Path:
        """Where the master key lies that only the key service can open."""
        return self.key_file.with_name(f"{self.key_file.name}.kms")

    def prepare(self) -> None:
        """Make the folders."""
        refuse(self.problems())
        for folder in (self.instance, self.temp, self.uploads, self.demo, self.keep):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)


class _Reading:
    """Reads variables and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def text(self, name: str, default: str) -> str:
        return self.environ.get(f"SOMNIA_{name}", "").strip() or default

    def path(self, name: str, default: Path) -> Path:
        return Path(self.text(name, str(default))).expanduser().absolute()

    def flag(self, name: str) -> bool:
        given = self.text(name, "0").lower()
        if given not in {"0", "1", "false", "true", "no", "yes"}:
            self.problems.append(f"SOMNIA_{name}={given!r} is neither 1 nor 0")
        return given in {"1", "true", "yes"}

    def number(self, name: str, default: N, *, low: N, high: N) -> N:
        given = self.text(name, str(default))
        try:
            value = type(default)(given)
        except ValueError:
            self.problems.append(f"SOMNIA_{name}={given!r} is not a number")
            return default
        if not low <= value <= high:
            self.problems.append(f"SOMNIA_{name}={given} is outside {low} to {high}")
        return value


def _config_home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "~")).expanduser() / ".config")


def refuse(reasons: list[str]) -> None:
    """Raise SettingsError when there is a reason to."""
    if reasons:
        raise SettingsError("SOMNIA cannot start with these settings:\n" + "\n".join(f"- {reason}" for reason in reasons), tuple(reasons))
