"""Whether a person's files may be worked on: asked before a file is taken, before a job is made, and at each of its steps."""

from sqlalchemy import select

from somnia_engine.text import Text
from somnia_server.store.consents import PRIVACY, TERMS, TITLES, alive_consents, text_of
from somnia_server.store.house import now
from somnia_server.store.persons import Profile, is_minor, profile_of
from somnia_server.store.reach import alive_guardian
from somnia_server.store.tables import GuardianRow, session

NEEDED = (TERMS, PRIVACY)


def processing_refusal(subject: str) -> Text | None:
    """Return why a person's files may not be worked on now, as a sentence for whoever brings them; None when they may.

    A visitor's always may. A person with an account must have said their birth date and agreed to the terms and the privacy notice
    as they stand; under 18 a verified guardian must have agreed for them.
    """
    if not subject.startswith("u-"):
        return None
    profile = profile_of(subject)
    minor = is_minor(profile, now())
    if minor is None:
        return Text("The birth date is not known. Nothing is analyzed before it is given under Settings.")
    givers = _guardians(subject) if minor else frozenset({subject})
    if not givers:
        return Text("This person is under 18. Nothing is analyzed before a guardian is confirmed and has agreed; see Sharing.")
    refusals = (_missing(subject, kind, givers=givers, grown=None if minor else profile) for kind in NEEDED)
    return next((refusal for refusal in refusals if refusal is not None), None)


def _missing(subject: str, kind: str, *, givers: frozenset[str], grown: Profile | None) -> Text | None:
    given = [
        consent
        for consent in alive_consents(subject, kind)
        if consent.given_by in givers and (grown is None or is_minor(grown, consent.given_at) is False)
    ]
    title = {"title": TITLES[kind]}
    if any(consent.version == text_of(kind).version for consent in given):
        return None
    if given:
        return Text("A text has changed: {title}. Nothing is analyzed before it is agreed to again, under Sharing.", title)
    if grown is None:
        return Text("This person is under 18, and no guardian has agreed for them: {title}. Nothing is analyzed before.", title)
    return Text("Not agreed to yet: {title}. Nothing is analyzed before; see Sharing.", title)


def _guardians(subject: str) -> frozenset[str]:
    """Return the verified guardians who are adults themselves."""
    found = session().scalars(select(GuardianRow.guardian).where(GuardianRow.minor == subject, alive_guardian()))
    return frozenset(guardian for guardian in found.all() if is_minor(profile_of(guardian), now()) is False)
