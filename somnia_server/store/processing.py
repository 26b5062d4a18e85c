"""Whether a person's files may be worked on: asked before a file is taken, before a job is made, and at each of its steps."""

from somnia_engine.text import Text
from somnia_server.store.consents import PRIVACY, TERMS, TITLES, counting, guardians_now, text_of
from somnia_server.store.house import now
from somnia_server.store.persons import is_minor, profile_of

NEEDED = (TERMS, PRIVACY)


def processing_refusal(subject: str) -> Text | None:
    """Return why a person's files may not be worked on now, as a sentence for whoever brings them; None when they may.

    A visitor's always may. A person with an account must have said their birth date and agreed to the terms and the privacy notice
    as they stand; under 18 a verified guardian must have agreed for them.
    """
    if not subject.startswith("u-"):
        return None
    minor = is_minor(profile_of(subject), now())
    if minor is None:
        return Text("The birth date is not known. Nothing is analyzed before it is given under Settings.")
    if minor and not guardians_now(subject):
        return Text("This person is under 18. Nothing is analyzed before a guardian is confirmed and has agreed; see Sharing.")
    refusals = (_missing(subject, kind, minor=minor) for kind in NEEDED)
    return next((refusal for refusal in refusals if refusal is not None), None)


def _missing(subject: str, kind: str, *, minor: bool) -> Text | None:
    given, title = counting(subject, kind), {"title": TITLES[kind]}
    if any(consent.version == text_of(kind).version for consent in given):
        return None
    if given:
        return Text("A text has changed: {title}. Nothing is analyzed before it is agreed to again, under Sharing.", title)
    if minor:
        return Text("This person is under 18, and no guardian has agreed for them: {title}. Nothing is analyzed before.", title)
    return Text("Not agreed to yet: {title}. Nothing is analyzed before; see Sharing.", title)
