"""What a person's questionnaires add to the evidence of a finding."""

from datetime import date

from somnia_engine.questionnaires import QUESTIONNAIRES, nearest
from somnia_engine.readers import night_key
from somnia_engine.text import Said, Text
from somnia_engine.types.findings import Evidence
from somnia_engine.types.night import NightHistory
from somnia_engine.types.questionnaires import Scored


def tonight_of(history: NightHistory) -> date | None:
    """Return the day of the night to be judged; None where it is not known."""
    start = history.tonight.start
    return None if start is None else night_key(start, history.tonight.zone)


def answer(history: NightHistory, key: str) -> Scored | None:
    """Return the score of a questionnaire that counts for tonight; None where it was not answered in time."""
    return nearest(history.subject.answered, key, night=tonight_of(history))


def answer_evidence(history: NightHistory, *keys: str) -> tuple[Evidence, ...]:
    """Return the answered ones of some questionnaires as evidence: their points against their threshold."""
    scores = [scored for key in keys if (scored := answer(history, key)) is not None]
    return tuple(_evidence(scored) for scored in scores)


def _evidence(scored: Scored) -> Evidence:
    asked = QUESTIONNAIRES[scored.key]
    sentence = (
        Text("{questionnaire}, 0 to {most}; {threshold} or fewer stand out; answered on {day}")
        if asked.lower_stands_out
        else Text("{questionnaire}, 0 to {most}; {threshold} or more stand out; answered on {day}")
    )
    places: Said = {"questionnaire": asked.name, "most": asked.most, "threshold": asked.threshold, "day": scored.day.isoformat()}
    return Evidence(Text(sentence.msgid, places), float(scored.points), "", float(asked.threshold), "", asked.citation)
