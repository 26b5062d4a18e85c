"""What stands above each lane: its name, which folds it, and its explanation in place: what it is, what is usual, what limits it."""

from dataclasses import dataclass
from typing import Any

from dash import dcc, html

from components import ids
from components.numbers import OHAYON_2004
from somnia_engine.text import Text, t


@dataclass(frozen=True, slots=True)
class Note:
    """How one lane is explained; `usual` has its `source`."""

    what: Text
    limits: Text
    usual: Text | None = None
    source: str = ""


MOVED = Note(
    Text("How much you moved in each half minute, on a scale that shows small turns beside large ones."),
    Text("It says nothing of why: a partner, a pet or a loose strap moves the sensor too."),
)
NOTES: dict[str, Note] = {
    "stages": Note(
        Text("The sleep stage of each half minute. REM is drawn thick; hatched stretches could not be scored."),
        Text("Estimated from heartbeat and movement, not from brain waves: lying still awake is often taken for sleep."),
        Text("15 to 25 % REM and 10 to 20 % deep sleep in adults; deep sleep becomes less with age"), OHAYON_2004,
    ),
    "device": Note(
        Text("The stages that the device itself gave. They are shown beside ours and never mixed with them."),
        Text("How a device finds them is mostly not published."),
    ),
    "spo2_pct": Note(
        Text("How much oxygen your blood carried. Each tick above is a fall by 3 % or more. Below 90 % is shaded."),
        Text("A finger sensor is right within 2 to 3 %; cold hands, movement and nail polish lower what it shows."),
        Text("about 96 % for most of the night; its lowest value was 90 % in the mean of 350 people without lung disease"),
        "Gries 1996, doi 10.1378/chest.110.6.1489",
    ),
    "p_breathing_event": Note(
        Text("How likely a pause or a shallow stretch of breathing was in each half minute. Above the dotted line: more likely than not."),
        Text("Estimated from oxygen and heartbeat, not from airflow: the night as a whole counts, not the single half minute."),
        Text("fewer than 5 disturbances an hour count as none"), "AASM 1999, doi 10.1093/sleep/22.5.667",
    ),
    "hr_bpm": Note(
        Text("Heartbeats per minute. It usually falls in the first hours and is uneven in REM sleep."),
        Text("A wrist sensor can lose or double beats while you move. Medicines, alcohol, fever and training change it."),
        Text("50 to 82 per minute at rest in nearly all adults, lower asleep"), "Quer 2020, doi 10.1371/journal.pone.0227709",
    ),
    "rmssd_ms": Note(
        Text("How much the time between neighboring heartbeats varies (RMSSD): more when your body rests."),
        Text("Made from single beats, never from averages. Extra and lost beats raise it; compare it with your own nights."),
        Text("19 to 75 ms in healthy adults awake; it becomes less with age"), "Nunan 2010, doi 10.1111/j.1540-8159.2010.02841.x",
    ),
    "p_irregular_rhythm": Note(
        Text("How likely an irregular pulse was in each half minute. Bars above are episodes."),
        Text("Extra beats and movement can look irregular. What the rhythm is, only an ECG of 30 s or more can show."),
    ),
    "sound_level_db": Note(
        Text("The loudest sound of each stretch, in dB relative to the loudest the file can hold. Hatched where noise may hide a sleeper."),
        Text("A phone is not calibrated: compare levels within a night, not between phones or places."),
    ),
    "sound_level_dba": Note(
        Text("The loudest sound of each stretch, A-weighted, in dB(A). Hatched where noise may hide a sleeper."),
        Text("As right as the calibration that was given for the microphone; what lies above 8 kHz is not in it."),
    ),
    "resp_rate_bpm": Note(
        Text("Breaths per minute in the minute around each half minute; a camera looks at one minute of every five."),
        Text("Heard or seen: a machine that hums or moves in time, or a partner, can be taken for you. Felt by a sensor: only at rest."),
    ),
    "snore_frac": Note(
        Text("The share of each half minute that sounded like snoring. Hatched where noise may hide it."),
        Text("A microphone hears everyone in the room: a partner or a pet can snore too. Loudness depends on where it lies."),
    ),
    "activity_count": MOVED,
    "motion_index": MOVED,
    "camera_motion_pct": Note(
        Text("How much of the camera’s picture moved in each half minute, on a scale that shows small turns beside large ones."),
        Text("The camera sees everyone and everything: a partner, a pet, a curtain. Numbers of two cameras cannot be compared."),
    ),
    "trunk_position": Note(
        Text("How you lay in each half minute, by the pull of gravity on a sensor that you wore on the chest."),
        Text("Right only when the sensor is worn as the format's page says. It was checked on constructed signals only."),
    ),
    "mat_position": Note(
        Text("On which side you lay in each half minute, by the pressure on a mat."),
        Text("A mat cannot tell the back from the front. It learned from young adults in set postures."),
    ),
    "camera_position": Note(
        Text("How you lay in each half minute, by landmarks of the body seen by a camera that looks straight down. Empty: not sure."),
        Text("Shown on rendered bodies and a mannequin only, never on real sleepers. A blanket or a second body can hide or fool it."),
    ),
    "room_temp_c": Note(
        Text("The temperature beside the sensor in the room."),
        Text("A sensor near a bed, a window or a radiator shows that place, not the whole room."),
        Text("18 °C or more in the cold season"), "WHO Housing and health guidelines 2018, ISBN 978-92-4-155037-6",
    ),
    "events": Note(
        Text("What was found, a row for each kind. The list below says what the letters mean and leads to each."),
        Text("Found by rules and models; none was seen by a person unless the source says “scored”."),
    ),
    "quality": Note(
        Text("A bar where there are values, hatched where the sensor was on and gave none that can be used."),
        Text("A hole may be a lost sensor, a refused artifact or a broken connection; see Quality & sources."),
    ),
}  # fmt: skip
"""The explanations by the lane's key."""


def lane_heads(lanes: list[dict[str, Any]]) -> html.Div:
    """Return the heads of the lanes that a figure names in its `meta`, as words: the page's script makes and places them."""
    heads = [_head(lane["key"], lane["title"]) for lane in lanes]
    said = {"fold": t("Fold or open this lane"), "about": t("What is this?")}
    return html.Div([dcc.Store(id=ids.NIGHT_LANES, data={"heads": heads, **said}), html.Div(id=ids.NIGHT_HEADS, className="lane-heads")])


def _head(key: str, title: str) -> dict[str, Any]:
    note = NOTES[key]
    usual = [] if note.usual is None else [t("Usual: {range} ({source}).", range=note.usual, source=note.source)]
    return {"key": key, "title": title, "note": [t(note.what), *usual, t(note.limits)]}
