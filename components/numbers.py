"""The numbers of a night, each explained in place: what it is, its usual range with the source, what limits it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

from dash import html

from components import words
from somnia_engine.catalogue import room_ranges
from somnia_engine.text import Text, t
from somnia_engine.types.night import NightAnalysis, SleepStatistics

OHAYON_2017 = "Ohayon 2017, doi 10.1016/j.sleh.2016.11.006"
HIRSHKOWITZ_2015 = "Hirshkowitz 2015, doi 10.1016/j.sleh.2014.12.010"
OHAYON_2004 = "Ohayon 2004, doi 10.1093/sleep/27.7.1255"
AASM = "AASM scoring manual"


@dataclass(frozen=True, slots=True)
class Number:
    """How one number is shown: `form` is "time", "seconds", "pct", "count", "rate", "burden", "bpm", "db", "chance", "ms", "ms2", "ratio", "warmth", "ppm", "lux", "hertz", "breaths"."""

    key: str
    label: Text
    form: str
    what: Text
    usual: Text | None = None
    source: str = ""


def _usual(key: str) -> tuple[Text, str]:
    """Return the usual range of a reading of the room, and its source."""
    told = room_ranges()[key]
    return told.usual, told.source


NUMBERS: tuple[Number, ...] = (
    Number("tst_min", Text("Asleep"), "time", Text("All minutes scored as sleep."), Text("7 to 9 h for most adults"), HIRSHKOWITZ_2015),
    Number("se_pct", Text("Efficiency"), "pct", Text("The share of your time in bed that you slept."), Text("85 % or more"), OHAYON_2017),
    Number("sol_min", Text("To fall asleep"), "time", Text("From lights off to the first sleep."), Text("up to 30 min"), OHAYON_2017),
    Number("waso_min", Text("Awake after that"), "time", Text("Minutes awake between falling asleep and lights on."), Text("up to 20 min"), OHAYON_2017),
    Number("tib_min", Text("Time in bed"), "time", Text("From lights off to lights on.")),
    Number("spt_min", Text("First to last sleep"), "time", Text("From the first to the last minute of sleep, wake in between included.")),
    Number("lps_min", Text("To lasting sleep"), "time", Text("From lights off to the first ten minutes of sleep without a break.")),
    Number("spt_wake_min", Text("Awake before the last sleep"), "time", Text("Wake between the first and the last sleep; most watches call this WASO.")),
    Number("sme_pct", Text("Maintenance"), "pct", Text("The share of the time from first to last sleep that you slept.")),
    Number("rem_latency_min", Text("First REM after"), "time", Text("From falling asleep to the first REM sleep."), Text("60 to 120 min"), OHAYON_2004),
    Number("rem_min", Text("REM sleep"), "time", Text("Minutes of REM sleep, when most dreams happen."), Text("15 to 25 % of sleep"), OHAYON_2004),
    Number("light_min", Text("Light sleep"), "time", Text("Minutes of N1 and N2 together; heart rate and movement cannot tell them apart.")),
    Number("n1_min", Text("N1 sleep"), "time", Text("Minutes of the lightest sleep.")),
    Number("n2_min", Text("N2 sleep"), "time", Text("Minutes of stage N2.")),
    Number("n3_min", Text("Deep sleep"), "time", Text("Minutes of deep sleep (N3); it becomes less with age."), Text("10 to 20 % of sleep"), OHAYON_2004),
    Number("awakenings", Text("Awakenings"), "count", Text("How many times sleep was followed by wake.")),
    Number("long_awakenings", Text("Awakenings of over 5 min"), "count", Text("How many times you were awake for more than 5 min before the last sleep."), Text("at most one"), OHAYON_2017),
    Number("sfi_per_h", Text("Fragmentation"), "rate", Text("Changes to wake or N1 for each hour of sleep.")),
    Number("wake_min", Text("Awake in all"), "time", Text("All minutes awake between lights off and lights on.")),
    Number("rem_pct", Text("REM share"), "pct", Text("REM sleep as a share of all sleep.")),
    Number("light_pct", Text("Light share"), "pct", Text("Light sleep as a share of all sleep.")),
    Number("n1_pct", Text("N1 share"), "pct", Text("N1 sleep as a share of all sleep.")),
    Number("n2_pct", Text("N2 share"), "pct", Text("N2 sleep as a share of all sleep.")),
    Number("n3_pct", Text("Deep share"), "pct", Text("Deep sleep as a share of all sleep.")),
    Number("unscored_min", Text("Not scored"), "time", Text("Minutes for which there were no data to score.")),
    Number("odi3_per_h", Text("Oxygen drops, 3 %"), "rate", Text("Falls of blood oxygen by 3 % or more from the level before them, for each hour of valid data. The level is the 90th percentile of the 120 s before, at most the highest value of the last 90 s."), Text("below 5 per hour"), "Chung 2012, doi 10.1378/chest.11-0822"),
    Number("odi4_per_h", Text("Oxygen drops, 4 %"), "rate", Text("Falls of blood oxygen by 4 % or more from the level before them, for each hour of valid data.")),
    Number("spo2_mean_pct", Text("Mean oxygen"), "pct", Text("The mean of all valid oxygen values.")),
    Number("spo2_min_pct", Text("Lowest oxygen"), "pct", Text("The lowest value that held for 3 s and is free of movement.")),
    Number("t90_pct", Text("Time below 90 %"), "pct", Text("The share of valid time with oxygen below 90 %.")),
    Number("t90_min", Text("Minutes below 90 %"), "time", Text("Valid time with oxygen below 90 %.")),
    Number("t88_pct", Text("Time below 88 %"), "pct", Text("The share of valid time with oxygen below 88 %.")),
    Number("t88_min", Text("Minutes below 88 %"), "time", Text("Valid time with oxygen below 88 %.")),
    Number("desaturation_burden", Text("Burden of the oxygen drops"), "burden", Text("The area of all oxygen drops below the level before each, for each hour of valid data; like the hypoxic burden (Azarbarzin 2019, doi 10.1093/eurheartj/ehy624), but of drops, not of scored apneas.")),
    Number("spo2_valid_min", Text("Valid oxygen data"), "time", Text("Minutes of oxygen data that could be used.")),
    Number("breathing_events_per_h", Text("Breathing events (estimate)"), "rate", Text("Estimated from heart beats alone: events of disturbed breathing for each hour of recording, no AHI. The true number can lie far off; mild and moderate apnea was not tested.")),
    Number("joined_events_per_h", Text("Breathing events of all sensors (estimate)"), "rate", Text("What blood oxygen, heart beats and sound tell of pauses in breathing, each event once, for each hour of monitored time in bed. No AHI: airflow was not measured. Mild and moderate apnea was not tested.")),
    Number("joined_supine_per_h", Text("Breathing events on the back"), "rate", Text("The same for the monitored time on your back, from 15 min of it on.")),
    Number("joined_other_side_per_h", Text("Breathing events in other positions"), "rate", Text("The same for the monitored time in other positions, from 15 min of it on.")),
    Number("joined_rem_per_h", Text("Breathing events in REM sleep"), "rate", Text("The same for the monitored REM sleep, from 15 min of it on.")),
    Number("joined_nrem_per_h", Text("Breathing events in other sleep"), "rate", Text("The same for the monitored other sleep, from 15 min of it on.")),
    Number("breathing_event_pct", Text("Share of disturbed breathing"), "pct", Text("Mean likelihood of disturbed breathing over the half minutes that could be judged.")),
    Number("p_breathing_from_5_per_h", Text("Probability of 5 or more an hour"), "chance", Text("How likely 5 or more breathing events an hour are, from the whole night. Mild and moderate apnea was not tested.")),
    Number("p_breathing_from_15_per_h", Text("Probability of 15 or more an hour"), "chance", Text("How likely 15 or more breathing events an hour are, from the whole night.")),
    Number("p_breathing_from_30_per_h", Text("Probability of 30 or more an hour"), "chance", Text("How likely 30 or more breathing events an hour are, from the whole night.")),
    Number("breathing_assessable_min", Text("Judged breathing"), "time", Text("Minutes in which oxygen or heart beats allowed a judgment of breathing.")),
    Number("hr_mean_bpm", Text("Mean heart rate"), "bpm", Text("Mean heart rate while asleep.")),
    Number("hr_min_bpm", Text("Lowest heart rate"), "bpm", Text("The lowest half-minute mean while asleep.")),
    Number("hr_max_bpm", Text("Highest heart rate"), "bpm", Text("The highest half-minute mean while asleep.")),
    Number("rmssd_ms", Text("Heart rate variability (RMSSD)"), "ms", Text("How much neighboring beats differ while asleep: the root mean square of the differences of normal intervals. No range fits everybody; compare with your own nights.")),
    Number("sdnn_index_ms", Text("Heart rate variability (SDNN index)"), "ms", Text("The spread of the intervals between normal beats within 5 min, averaged over sleep.")),
    Number("pnn50_pct", Text("Neighbors over 50 ms apart"), "pct", Text("The share of neighboring normal intervals that differ by more than 50 ms (pNN50), while asleep.")),
    Number("lf_ms2", Text("Slow waves of the beats (LF)"), "ms2", Text("Power of the intervals between beats from 0.04 to 0.15 Hz, in 5 min, averaged over sleep.")),
    Number("hf_ms2", Text("Breathing waves of the beats (HF)"), "ms2", Text("Power of the intervals between beats from 0.15 to 0.4 Hz, in 5 min, averaged over sleep; breathing makes most of it.")),
    Number("lf_hf_ratio", Text("Slow to breathing waves"), "ratio", Text("LF divided by HF, both averaged over sleep.")),
    Number("sd1_ms", Text("Beat to beat (SD1)"), "ms", Text("The width of the plot of each interval against the next; RMSSD divided by the root of 2.")),
    Number("sd2_ms", Text("Beats over minutes (SD2)"), "ms", Text("The length of the plot of each interval against the next, from RMSSD and the SDNN index.")),
    Number("skin_temp_rise_c", Text("Rise of the skin temperature"), "warmth", Text("From the first quarter of an hour asleep to the warmest half hour after it.")),
    Number("skin_temp_range_c", Text("Range of the skin temperature"), "warmth", Text("The warmest half hour in bed less the coolest.")),
    Number("skin_temp_peak_min", Text("Skin warmest after"), "time", Text("From falling asleep to the middle of the warmest half hour.")),
    Number("body_temp_rise_c", Text("Rise of the body temperature"), "warmth", Text("From the first quarter of an hour asleep to the warmest half hour after it.")),
    Number("body_temp_range_c", Text("Range of the body temperature"), "warmth", Text("The warmest half hour in bed less the coolest.")),
    Number("body_temp_peak_min", Text("Body warmest after"), "time", Text("From falling asleep to the middle of the warmest half hour.")),
    Number("snore_min", Text("Snoring"), "time", Text("The seconds that sounded like snoring, added up, while you were in bed.")),
    Number("snore_pct", Text("Share with snoring"), "pct", Text("Snoring as a share of the time that could be heard.")),
    Number("snores_per_h", Text("Snores"), "rate", Text("Single snores for each hour that could be heard.")),
    Number("snore_peak_p50_db", Text("Loudness of the snores"), "db", Text("Half of the snores rose further than this above the sound around them.")),
    Number("snore_peak_p90_db", Text("Loudest tenth of the snores"), "db", Text("A tenth of the snores rose further than this above the sound around them.")),
    Number("snore_regular_pct", Text("Regular snoring"), "pct", Text("The share of the snores that came at even intervals, in bouts of five or more.")),
    Number("snore_pitch_hz", Text("Pitch of the snores"), "hertz", Text("Half of the half minutes in which a snore had a pitch lay below this. It describes the sound; nothing is concluded from it.")),
    Number("snore_formant_1_hz", Text("First formant of the snores"), "hertz", Text("The lowest resonance of the throat that the snores come through, the middle of the night’s half minutes. It describes the sound; nothing is concluded from it.")),
    Number("snore_formant_2_hz", Text("Second formant of the snores"), "hertz", Text("The next resonance above the first. It describes the sound; nothing is concluded from it.")),
    Number("rising_snore_pauses", Text("Pauses after rising snores"), "count", Text("Pauses in the sound of breathing that followed three or more snores of growing loudness.")),
    Number("breathing_pause_per_h", Text("Pauses in the sound of breathing"), "rate", Text("Silences of 10 s or more between audible breaths, for each hour that could be heard. This is no AHI: a silence can also be a turn away from the microphone.")),
    Number("breathing_pause_longest_s", Text("Longest pause in the sound"), "seconds", Text("The longest silence between audible breaths.")),
    Number("resp_rate_mean_bpm", Text("Breathing rate"), "breaths", Text("The mean of the half minutes in bed in which breathing was clear.")),
    Number("resp_rate_sd_bpm", Text("Spread of the breathing rate"), "breaths", Text("The standard deviation of the rates of the half minutes: how much it changed over the night.")),
    Number("periodic_breathing_min", Text("Breathing that waxes and wanes (experimental)"), "time", Text("Minutes in which the sound of breathing grew and faded in waves of 40 to 90 s. Tried on made-up breathing only. Snoring in bouts or a partner can sound alike; only a sleep laboratory can tell what it is.")),
    Number("breathing_cycle_s", Text("Length of these waves (experimental)"), "seconds", Text("Half of the waves in the loudness of breathing were longer than this.")),
    Number("coughs", Text("Coughing"), "count", Text("Bouts of coughing that were heard.")),
    Number("talks", Text("Talking"), "count", Text("Bouts of speech that were heard.")),
    Number("cries", Text("Crying"), "count", Text("Bouts of an infant's crying that were heard.")),
    Number("sound_mean_dba", Text("Sound level, dB(A)"), "db", Text("The A-weighted level of the mean power while you were in bed, by a microphone whose calibration was given; what lies above 8 kHz is not in it."), Text("at most 30 dB(A)"), "WHO 1999, Guidelines for community noise"),
    Number("room_temp_mean_c", Text("Room temperature"), "warmth", Text("The mean while you were in bed."), *_usual("room_temp_mean_c")),
    Number("humidity_mean_pct", Text("Humidity"), "pct", Text("The mean while you were in bed.")),
    Number("co2_mean_ppm", Text("Carbon dioxide"), "ppm", Text("The mean while you were in bed."), *_usual("co2_mean_ppm")),
    Number("light_mean_lux", Text("Light in the room"), "lux", Text("The mean while you were in bed."), *_usual("light_mean_lux")),
    Number("noise_mean_db", Text("Room noise"), "db", Text("The mean while you were in bed."), *_usual("noise_mean_db")),
    Number("disturbances_asleep", Text("Lights and noises while asleep"), "count", Text("Lights that went on in the dark and loud noises that stood out, while you slept.")),
    Number("disturbances_then_awake", Text("Awake after one of them"), "count", Text("How many of them were followed by an awakening within a minute. One after the other is not yet one because of the other: compare with the number by chance.")),
    Number("disturbances_then_awake_by_chance", Text("Awake after one, by chance"), "rough", Text("How many would be followed by an awakening if they fell on any moment of your sleep.")),
    Number("snore_heard_min", Text("Heard"), "time", Text("Minutes of sound in bed that were clear enough to judge.")),
)  # fmt: skip
LEADING = ("tst_min", "se_pct", "sol_min", "waso_min", "rem_min", "n3_min", "odi3_per_h", "hr_mean_bpm", "snore_min")


def said(value: float, form: str) -> str:
    """Return a number as people read it; "–" where it was not measured."""
    if math.isnan(value):
        return words.NOTHING
    if form == "chance":
        return f"{100 * value:.0f} %"
    if form == "time":
        return words.minutes(value)
    unit = {
        "pct": " %",
        "bpm": t(" /min"),
        "rate": t(" /h"),
        "burden": t(" %min/h"),
        "count": "",
        "rough": "",
        "db": " dB",
        "ms": " ms",
        "ms2": " ms²",
        "ratio": "",
        "warmth": " °C",
        "seconds": " s",
        "ppm": " ppm",
        "lux": " lx",
        "hertz": " Hz",
        "breaths": t(" /min"),
    }[form]
    return f"{value:.{1 if form in ('breaths', 'rough', 'rate', 'burden', 'ratio', 'warmth') else 0}f}{unit}"


def values_of(statistics: SleepStatistics, measures: Mapping[str, float]) -> dict[str, float]:
    """Return every number of a night under its key."""
    numbers = {f.name: getattr(statistics, f.name) for f in fields(statistics) if f.name != "scorer"}
    return {**numbers, **measures}


def leading_numbers(analysis: NightAnalysis) -> html.Div:
    """Return the few numbers that come first, each opening its explanation."""
    values = values_of(analysis.statistics, analysis.measures)
    cards = [_card(n, values[n.key], analysis) for n in NUMBERS if n.key in LEADING and not math.isnan(values.get(n.key, math.nan))]
    return html.Div(cards, className="numbers")


def _card(number: Number, value: float, analysis: NightAnalysis) -> html.Details:
    head = html.Summary(
        [html.Span(said(value, number.form), className="number-value"), html.Span(t(number.label), className="number-label")]
    )
    lines = [html.P(t(number.what))]
    if number.usual is not None:
        lines.append(html.P(t("Usual: {range} ({source}).", range=number.usual, source=number.source)))
    lines.append(html.P(_how(number, analysis)))
    return html.Details([head, html.Div(lines, className="number-more")], className="number")


COLUMNS: dict[tuple[str, ...], str] = {
    ("snore", "rising_", "breathing_pause", "coughs", "talks", "cries"): "snore_frac",
    ("hr_",): "hr_bpm",
    ("rmssd", "sdnn", "pnn50", "lf_", "hf_", "sd1", "sd2"): "rmssd_ms",
    ("resp_rate", "periodic_breathing", "breathing_cycle"): "resp_rate_bpm",
    ("breathing_", "p_breathing"): "p_breathing_event",
    ("skin_temp",): "skin_temp_c",
    ("body_temp",): "body_temp_c",
    ("room_temp",): "room_temp_c",
    ("humidity",): "humidity_pct",
    ("co2",): "co2_ppm",
    ("light",): "light_lux",
    ("noise", "disturbances"): "noise_db",
    ("sound_mean",): "sound_level_dba",
}
"""The column of the grid that measures of these beginnings are of; blood oxygen otherwise."""


def _column(key: str) -> str:
    """Return the column of the grid that says how much of the night a measure saw."""
    return next((column for starts, column in COLUMNS.items() if key.startswith(starts)), "spo2_pct")


def _how(number: Number, analysis: NightAnalysis) -> str:
    if number.key in analysis.measures:
        column = _column(number.key)
        names = ", ".join(analysis.features.sources.get(column, ())) or t("an unnamed source")
        return t(
            "This night: measured by {source}, in {share:.0f} % of the night.", source=names, share=100 * analysis.features.coverage(column)
        )
    marked = analysis.lights.off_marked and analysis.lights.on_marked
    bounds = t("lights off and on were marked") if marked else t("lights off and on are assumed from the recording’s ends")
    return t("This night: stages by {scorer}; {bounds}.", scorer=analysis.statistics.scorer or "–", bounds=bounds)
