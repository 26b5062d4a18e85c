"""Consents: which version of which text a person agreed to, when, by whom, and when it was withdrawn; nothing is overwritten."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from somnia_engine.text import Text
from somnia_server.settings import PROJECT
from somnia_server.store.actors import Actor
from somnia_server.store.audit import note, note_read
from somnia_server.store.bound import vouched
from somnia_server.store.grants import SHARERS
from somnia_server.store.house import now
from somnia_server.store.persons import is_minor, profile_of
from somnia_server.store.reach import acts_for, alive_guardian
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import ConsentRow, GuardianRow, session

TERMS, PRIVACY, AI_TEXT, RESEARCH = "terms", "privacy", "ai_text", "research"
FILES = {TERMS: "terms", PRIVACY: "privacy-notice", AI_TEXT: "ai-text", RESEARCH: "research"}
TITLES = {
    TERMS: Text("Terms of use"),
    PRIVACY: Text("Privacy notice"),
    AI_TEXT: Text("Reports worded by an outside service"),
    RESEARCH: Text("Use for research"),
}
LEGAL = PROJECT / "docs" / "legal"
FENCE = "---"
NOT_GIVEN, GIVEN, OUT_OF_DATE = "not given", "given", "out of date"


@dataclass(frozen=True, slots=True)
class LegalText:
    """One version of a text that persons agree to; `body` is Markdown."""

    kind: str
    version: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Consent:
    """How a person stands to one text now; the fields after `current` are None while it is not given."""

    kind: str
    current: str
    version: str | None = None
    given_at: datetime | None = None
    given_by: str | None = None

    @property
    def given(self) -> bool:
        """Whether some version was agreed to and not withdrawn."""
        return self.version is not None

    @property
    def outdated(self) -> bool:
        """Whether the text has changed since."""
        return self.given and self.version != self.current

    @property
    def state(self) -> str:
        """Return `not given`, `given` or `out of date`."""
        return OUT_OF_DATE if self.outdated else GIVEN if self.given else NOT_GIVEN


@dataclass(frozen=True, slots=True)
class Past:
    """One entry of a person's history of consents."""

    kind: str
    version: str
    given_at: datetime
    given_by: str
    withdrawn_at: datetime | None


def text_of(kind: str, language: str = "en") -> LegalText:
    """Return the current text of a kind, in a language where it has been written, else in English; KeyError for no such kind."""
    name, spoken = FILES[kind], LEGAL / language / f"{FILES[kind]}.md"
    known = language.isalpha() and spoken.is_file()
    return _read(spoken if known else LEGAL / f"{name}.md", kind)


def give(actor: Actor, kind: str, *, subject: str | None = None, version: str | None = None) -> bool:
    """Agree to the current text, for oneself or a ward; False when it is not theirs to give.

    Raises
    ------
    RefusalError
        There is no such text, it is no longer the version that was shown, or the actor is under 18.
    """
    owner, text = _owner(actor, subject), _known(kind)
    if owner is None:
        return False
    if owner == actor.id and is_minor(profile_of(owner), now()):
        raise RefusalError(Text("You are under 18: your guardian agrees for you."))
    if version is not None and version != text.version:
        raise RefusalError(Text("This text has changed in the meantime. Read it again before you agree."))
    if not any(past.version == text.version and past.given_by == actor.id for past in counting(owner, kind)):
        row = ConsentRow(id=secrets.token_hex(16), owner=owner, kind=kind, version=text.version, given_by=actor.id, given_at=now())
        session().add(row)
        note(actor, "give_consent", subject=owner, thing=f"{kind} {text.version}")
        session().commit()
    return True


def withdraw(actor: Actor, kind: str, *, subject: str | None = None) -> bool:
    """Withdraw what was agreed to, for oneself or a ward; False when it is not theirs, or was not given.

    Raises
    ------
    RefusalError
        There is no such text.
    """
    owner, text = _owner(actor, subject), _known(kind)
    if owner is None:
        return False
    alive = ConsentRow.owner == owner, ConsentRow.kind == kind, ConsentRow.withdrawn_at.is_(None)
    done: Any = session().execute(
        update(ConsentRow).where(*alive).values(withdrawn_at=now(), mark=None).execution_options(synchronize_session="fetch")
    )
    if not done.rowcount:
        session().rollback()
        return False
    note(actor, "withdraw_consent", subject=owner, thing=f"{kind} {text.version}")
    session().commit()
    return True


def consents_of(actor: Actor, subject: str | None = None) -> tuple[Consent, ...]:
    """Return how a person (the actor by default, or a ward) stands to each text."""
    owner = _owner(actor, subject)
    if owner is None:
        return tuple(_consent(kind, ()) for kind in FILES)
    note_read(actor, "list_consents", subject=owner)
    return tuple(_consent(kind, counting(owner, kind)) for kind in FILES)


def history_of(actor: Actor, subject: str | None = None) -> tuple[Past, ...]:
    """Return everything that a person ever agreed to and withdrew, in order of time."""
    owner = _owner(actor, subject)
    found = tuple(_past(row) for row in _rows(owner))
    if found and owner is not None:
        note_read(actor, "list_consents", subject=owner)
    return found


def counting(owner: str, kind: str) -> tuple[Past, ...]:
    """Return what was agreed to of one kind and counts now, in order of time, for a store or the worker that decides by it.

    That is what was not withdrawn and given by who decides: under 18 a guardian, from then on the person, as an adult.
    """
    profile = profile_of(owner)
    minor = is_minor(profile, now())
    deciders = guardians_now(owner) if minor else {owner}
    return tuple(
        _past(row)
        for row in _rows(owner)
        if row.kind == kind and row.withdrawn_at is None and row.given_by in deciders and (minor or not is_minor(profile, row.given_at))
    )


def guardians_now(owner: str) -> frozenset[str]:
    """Return the verified guardians of a person who are adults themselves."""
    found = session().scalars(select(GuardianRow.guardian).where(alive_guardian(GuardianRow.minor, owner)))
    return frozenset(guardian for guardian in found.all() if is_minor(profile_of(guardian), now()) is False)


def _owner(actor: Actor, subject: str | None) -> str | None:
    owner = actor.id if subject is None else subject
    return owner if actor.role in SHARERS and acts_for(actor, owner) else None


def _rows(owner: str | None) -> tuple[ConsentRow, ...]:
    query = select(ConsentRow).where(ConsentRow.owner == owner).order_by(ConsentRow.given_at, ConsentRow.id)
    found = () if owner is None else session().scalars(query.execution_options(populate_existing=True))
    return tuple(row for row in found if row.withdrawn_at is not None or vouched(row))


def _past(row: ConsentRow) -> Past:
    return Past(row.kind, row.version, row.given_at, row.given_by, row.withdrawn_at)


def _consent(kind: str, given: Sequence[Past]) -> Consent:
    current = text_of(kind).version
    newest = next((past for past in given if past.version == current), given[-1] if given else None)
    return Consent(kind, current) if newest is None else Consent(kind, current, newest.version, newest.given_at, newest.given_by)


def _known(kind: str) -> LegalText:
    if kind not in FILES:
        raise RefusalError(Text("There is no text “{given}” to agree to. Reload the page.", {"given": kind[:40]}))
    return text_of(kind)


@cache
def _read(path: Path, kind: str) -> LegalText:
    _, head, body = path.read_text(encoding="utf-8").split(f"{FENCE}\n", 2)
    said = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in head.splitlines())}
    return LegalText(kind, said["version"], said["title"], body.strip())
