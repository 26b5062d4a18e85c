"""Passwords: which will do, and how they are hashed without filling the memory."""

from threading import BoundedSemaphore
from typing import Any

from flask_security import PasswordUtil
from flask_security.utils import get_message, password_length_validator
from passlib.context import CryptContext

HASHES_AT_ONCE = 2
ARGON2 = {"argon2__type": "ID", "argon2__memory_cost": 46 * 1024, "argon2__time_cost": 1, "argon2__parallelism": 1}
"""46 MiB, one pass, one lane: the first choice of OWASP's password storage cheat sheet."""
CHECKED_SIGNS = 72
"""How much of a password is guessed at; what is longer only gets better, and the guessing's cost grows with its square."""
LOWEST_SCORE = 2
"""Of zxcvbn's 0 to 4: beyond 10^6 guesses, where ten tries in a quarter of an hour are allowed and a hash needs the house's key."""
_turns = BoundedSemaphore(HASHES_AT_ONCE)


class Hashes:
    """The library's hashing, of which at most two run at once in a process: each takes 46 MiB."""

    def __init__(self, context: CryptContext) -> None:
        self._context = context

    def hash(self, password: str | bytes, **options: Any) -> str:
        """Return the hash of a password."""
        with _turns:
            return str(self._context.hash(password, **options))

    def verify(self, password: str | bytes, known: str) -> bool:
        """Return whether a password is the one of a hash."""
        with _turns:
            return bool(self._context.verify(password, known))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


class Passwords(PasswordUtil):
    """Which passwords will do: 8 to 128 characters that are hard to guess, also for somebody who knows the person."""

    def validate(self, password: str, is_register: bool, **known: Any) -> tuple[list[str] | None, str]:
        """Return what is wrong with a password, and the form of it that is hashed."""
        tidy = self.normalize(password)
        wrong = password_length_validator(tidy)
        if wrong is None and _score(tidy, known) < LOWEST_SCORE:
            wrong = [get_message("PASSWORD_TOO_SIMPLE")[0]]
        return wrong, tidy


def _score(password: str, known: dict[str, Any]) -> int:
    from zxcvbn import zxcvbn  # its lists of common passwords and names take a few megabytes: only once somebody chooses one

    email = known.get("email") or getattr(known.get("user"), "email", "")
    return int(zxcvbn(password[:CHECKED_SIGNS], user_inputs=["somnia", str(email), *str(email).partition("@")[::2]])["score"])
