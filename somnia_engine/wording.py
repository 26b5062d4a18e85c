"""The vocabulary check: whether a sentence stays below what a screening may say, and why not."""

import re
from dataclasses import dataclass

_PERFECT = "slept|been|lain|woken|moved|measured|recorded|uploaded|answered|noted|had|not"
"""After "you have" these tell of the night, anything else names a condition."""
_NAMES_DE = (
    r"\w*apnoe\w*|\w*insomnie|schlafstörung\w*|vorhofflimmern|\w*rhythmusstörung\w*|bruxismus|\w*verhaltensstörung|\w*syndrom\w*|"
    r"\w*krankheit\w*|\w*störung\w*|narkolepsie|depression\w*|epilepsie|parkinson\w*"
)
_RULES: dict[str, tuple[tuple[str, str], ...]] = {
    "diagnosis": (
        ("en", rf"diagnos\w*|you(?: have|['’]ve)(?! (?:{_PERFECT})\b)|suffer\w*|diseases?|patholog\w*|your (?:condition|illness|disorder)"),
        ("de", rf"\w*diagnos\w*|Sie haben (?:\w+ ){{0,3}}(?:{_NAMES_DE})|leiden|erkrank\w*|\w*krankheit\w*|krankhaft\w*"),
    ),
    "therapy": (
        ("en", r"treat(?:s|ed|ing|ments?|able)?|therap\w*|medicat\w*|medicines?|pills?|tablets?|"
               r"dos(?:e|es|age)|melatonin|CPAP|mouth ?guards?|(?:stop|start) taking"),
        ("de", r"\w*therap\w*|behand\w*|\w*medikament\w*|tabletten?|dosis|dosierung\w*|melatonin|CPAP|\w*schienen?|(?:nehmen|setzen) Sie"),
    ),
    "prediction": (
        ("en", r"(?:will|going to|likely to|bound to) (?:get|develop|become|suffer|die|worsen|lead|cause|happen)|predict\w*|prognos\w*|"
               r"(?:your|higher|lower|increased) risk|risk (?:of|for)|life expectancy"),
        ("de", r"Sie werden (?:\w+ ){0,5}(?:bekommen|entwickeln|erkranken|sterben)|vorhersag\w*|vorhersehb\w*|prognos\w*|\w*risik\w*|"
               r"Lebenserwartung"),
    ),
    "reassurance": (
        ("en", r"(?:ab)?normal\w*|(?:un)?healthy|harmless|unremarkable|perfect\w*|reassur\w*|"
               r"(?:is|are|sleeps?|sleeping) (?:safe|fine|okay|ok)|safely|all (?:is )?(?:well|good|fine|clear)|"
               r"worry|worries|no cause for concern|no (?:apnea|insomnia|disorder|bruxism)"),
        ("de", r"(?:a|un)?normal\w*|(?:un)?gesund(?:e[nmrs]?)?|harmlos\w*|unbedenklich\w*|unauffällig\w*|perfekt\w*|beruhig\w*|"
               r"alles (?:ist )?(?:gut|in Ordnung)|Sorgen?|in Sicherheit|keine (?:\w*apnoe|insomnie|\w*störung)"),
    ),
    "alarm": (
        ("en", r"danger\w*|severe(?:ly)?|alarming\w*|fatal\w*|deadly|life-threatening|catastroph\w*"),
        ("de", r"gefähr\w*|gefahr\w*|schwer(?:e[nmrs]?|wiegend\w*)|alarmier\w*|tödlich\w*|lebensbedroh\w*|katastroph\w*"),
    ),
}  # fmt: skip
WHY: dict[str, str] = {
    "diagnosis": "names a diagnosis; a sentence says what was seen, a doctor names it",
    "therapy": "speaks of a therapy; the next step is a measurement or a talk with a doctor",
    "prediction": "predicts; a sentence tells of nights that were measured",
    "reassurance": "reassures; a sentence says what was measured and that nothing was seen in it",
    "alarm": "alarms; a sentence gives the number and its threshold",
    "exclamation": "exclaims",
    "language": "is in a language for which there is no vocabulary; nobody can say that it passes",
}
"""What is wrong with a sentence that a rule finds."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a sentence may not be said: the rule, the words that broke it, and the reason."""

    rule: str
    words: str
    why: str


_WHOLE = (r"(?<!\w)(?:", r")(?!\w)")


def _compiled() -> dict[str, tuple[tuple[str, re.Pattern[str]], ...]]:
    languages = dict.fromkeys(language for spoken in _RULES.values() for language, _ in spoken)
    return {
        language: tuple((rule, re.compile(_WHOLE[0] + dict(spoken)[language] + _WHOLE[1], re.I)) for rule, spoken in _RULES.items())
        for language in languages
    }


_PATTERNS = _compiled()


def languages() -> tuple[str, ...]:
    """Return the languages that have a vocabulary."""
    return tuple(_PATTERNS)


def faults(sentence: str, *, language: str = "en") -> tuple[Fault, ...]:
    """Return why a sentence may not be said to a person; nothing where it may.

    Parameters
    ----------
    sentence : str
        As a person reads it, or with `{name}` places.
    language : str
        Its language, "en" or "de"; of another one nothing can be said, so that is a fault.

    Returns
    -------
    tuple of Fault
        In the order of the rules: diagnosis, therapy, prediction, reassurance, alarm, exclamation.
    """
    code = language.split("-", maxsplit=1)[0].split("_", maxsplit=1)[0].lower()
    if code not in _PATTERNS:
        return (Fault("language", language, WHY["language"]),)
    found = [(rule, match.group()) for rule, pattern in _PATTERNS[code] if (match := pattern.search(sentence)) is not None]
    found += [("exclamation", "!")] if "!" in sentence else []
    return tuple(Fault(rule, words, WHY[rule]) for rule, words in found)
