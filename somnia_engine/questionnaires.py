"""The questionnaires that detectors read: asked in our own neutral words, scored as published.

The texts of STOP-Bang, ISI and ESS are under licence: who holds one puts the licensed wording into `data/licensed/<key>.toml` (`items`,
a list of questions in the published order), and it is asked instead.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from somnia_engine.resources import load_licensed
from somnia_engine.text import Text
from somnia_engine.types.questionnaires import Answered, Choice, Item, Questionnaire, Scored

_NO_YES = (Choice(Text("no"), 0), Choice(Text("yes"), 1))
_EXTENT = (Text("not at all"), Text("a little"), Text("somewhat"), Text("much"), Text("very much"))
_FREQUENT_DOZING = (Text("never"), Text("seldom"), Text("sometimes"), Text("often"))
MONTHS_3, YEAR = 92, 366


def _rising(*texts: Text) -> tuple[Choice, ...]:
    return tuple(Choice(text, points) for points, text in enumerate(texts))


def _falling(*texts: Text) -> tuple[Choice, ...]:
    return tuple(Choice(text, len(texts) - 1 - place) for place, text in enumerate(texts))


_STOP_BANG = Questionnaire(
    key="stop_bang",
    name=Text("Breathing questionnaire (STOP-Bang)"),
    about=Text("About you as you are now."),
    items=tuple(
        Item(text, _NO_YES)
        for text in (
            Text("Is your snoring loud enough to be heard through a closed door?"),
            Text("Are you often tired or sleepy by day?"),
            Text("Has anybody seen you stop breathing in your sleep?"),
            Text("Is your blood pressure high, or looked after by a doctor?"),
            Text("Is your body mass index above 35 kg/m²?"),
            Text("Are you older than 50?"),
            Text("Is your neck wider than 40 cm?"),
            Text("Is your sex male?"),
        )
    ),
    threshold=3,
    disorders=("apnea",),
    valid_days=YEAR,
    citation="Chung 2008, doi 10.1097/ALN.0b013e31816d83e4; Chung 2016, doi 10.1378/chest.15-0903",
)
_EXTENT_UP = _rising(*_EXTENT)
_ISI = Questionnaire(
    key="isi",
    name=Text("Sleep trouble questionnaire (ISI)"),
    about=Text("About the last two weeks."),
    items=(
        *(
            Item(text, _EXTENT_UP)
            for text in (
                Text("How much trouble is it for you to fall asleep?"),
                Text("How much trouble is it for you to stay asleep?"),
                Text("How much trouble is waking up too early?"),
            )
        ),
        Item(
            Text("How content are you with your sleep as it is?"),
            _rising(Text("very content"), Text("content"), Text("in between"), Text("discontent"), Text("very discontent")),
        ),
        *(
            Item(text, _EXTENT_UP)
            for text in (
                Text("How much does your sleep get in the way of your day (mood, work, memory)?"),
                Text("How much do others notice that your sleep troubles you?"),
                Text("How much do you worry about your sleep?"),
            )
        ),
    ),
    threshold=15,
    disorders=("insomnia",),
    valid_days=MONTHS_3,
    citation="Bastien 2001, doi 10.1016/S1389-9457(00)00065-4; Morin 2011, doi 10.1093/sleep/34.5.601",
)
_ESS = Questionnaire(
    key="ess",
    name=Text("Daytime sleepiness questionnaire (ESS)"),
    about=Text("How easily would you doze off, and not just feel tired, in these situations of the last weeks?"),
    items=tuple(
        Item(text, _rising(*_FREQUENT_DOZING))
        for text in (
            Text("While reading in a chair"),
            Text("While watching a film"),
            Text("While sitting still among others, in a theater or a meeting"),
            Text("As a passenger on an hour's drive"),
            Text("While lying down to rest in the afternoon"),
            Text("While sitting and talking with somebody"),
            Text("While sitting quietly after lunch without alcohol"),
            Text("At the wheel, while the traffic stands for a few minutes"),
        )
    ),
    threshold=11,
    disorders=("apnea", "insomnia"),
    valid_days=MONTHS_3,
    citation="Johns 1991, doi 10.1093/sleep/14.6.540",
)
_AWAKE = _falling(Text("0–15 min"), Text("16–30 min"), Text("31–45 min"), Text("46–60 min"), Text("more than 60 min"))
_EXTENT_DOWN = _falling(*_EXTENT)
_SCI = Questionnaire(
    key="sci",
    name=Text("Sleep Condition Indicator (SCI-08)"),
    about=Text("About a usual night of the last month; fewer points mean more trouble."),
    items=(
        Item(Text("How long does it take you to fall asleep?"), _AWAKE),
        Item(Text("If you wake up in the night: how long are you awake in all?"), _AWAKE),
        Item(
            Text("On how many nights a week do you have trouble with your sleep?"),
            _falling(Text("none or 1 night"), Text("2 nights"), Text("3 nights"), Text("4 nights"), Text("5 to 7 nights")),
        ),
        Item(
            Text("How good is your sleep?"),
            _falling(Text("very good"), Text("good"), Text("average"), Text("poor"), Text("very poor")),
        ),
        Item(Text("How much did poor sleep affect your mood, energy or relationships?"), _EXTENT_DOWN),
        Item(Text("How much did poor sleep affect your concentration, output or staying awake?"), _EXTENT_DOWN),
        Item(Text("How much did poor sleep trouble you in general?"), _EXTENT_DOWN),
        Item(
            Text("For how long have you had trouble with your sleep?"),
            _falling(
                Text("no trouble, or less than a month"),
                Text("1 to 2 months"),
                Text("3 to 6 months"),
                Text("7 to 12 months"),
                Text("more than a year"),
            ),
        ),
    ),
    threshold=16,
    disorders=("insomnia",),
    valid_days=MONTHS_3,
    citation="Espie 2014, doi 10.1136/bmjopen-2013-004183",
    lower_stands_out=True,
)
_RBD = Questionnaire(
    key="rbd1q",
    name=Text("One question on dreams (RBD1Q)"),
    about=Text("About your whole life."),
    items=(
        Item(
            Text(
                "Have you been told, or do you suspect, that you act out your dreams in your sleep: punching, kicking, waving your arms, "
                "shouting?"
            ),
            _NO_YES,
        ),
    ),
    threshold=1,
    disorders=("rem_behavior",),
    valid_days=YEAR,
    citation="Postuma 2012, doi 10.1002/mds.25037",
)
QUESTIONNAIRES: dict[str, Questionnaire] = {one.key: one for one in (_STOP_BANG, _ISI, _ESS, _SCI, _RBD)}


def asked(key: str) -> Questionnaire:
    """Return a questionnaire as it is to be asked: in the licensed wording where there is one; KeyError for an unknown key."""
    found = QUESTIONNAIRES[key]
    texts = load_licensed(key)
    if texts is None or len(texts) != len(found.items):
        return found
    return replace(found, items=tuple(replace(item, text=Text(text)) for item, text in zip(found.items, texts, strict=True)))


def score(answered: Answered) -> Scored:
    """Return the points of an answered questionnaire.

    Raises
    ------
    ValueError
        It is not a questionnaire of ours, or an answer is missing or not among the choices.
    """
    found = QUESTIONNAIRES.get(answered.key)
    if found is None:
        raise ValueError(f"{answered.key!r} is not a questionnaire; there are: {', '.join(QUESTIONNAIRES)}")
    if len(answered.choices) != len(found.items):
        raise ValueError(f"{found.key} has {len(found.items)} questions; {len(answered.choices)} answers were given")
    for number, (item, choice) in enumerate(zip(found.items, answered.choices, strict=True), start=1):
        if not 0 <= choice < len(item.choices):
            raise ValueError(f"question {number} of {found.key} has the answers 0 to {len(item.choices) - 1}; {choice} was given")
    points = sum(item.choices[choice].points for item, choice in zip(found.items, answered.choices, strict=True))
    out = points <= found.threshold if found.lower_stands_out else points >= found.threshold
    return Scored(found.key, answered.day, points, out)


def nearest(answered: Sequence[Answered], key: str, *, night: date | None) -> Scored | None:
    """Return the score that counts for a night: of the valid answers nearest to it; the newest for a night without a date."""
    given = [one for one in answered if one.key == key]
    if night is None:
        return score(max(given, key=lambda one: one.day)) if given else None
    near = [one for one in given if abs((one.day - night).days) <= QUESTIONNAIRES[key].valid_days]
    return score(min(near, key=lambda one: (abs((one.day - night).days), -one.day.toordinal()))) if near else None
