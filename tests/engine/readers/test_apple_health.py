"""Apple Health exports: the truth of the synthetic nights, and what is kept of damaged files."""

import itertools
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from somnia_engine.errors import DamagedFile, NightChoiceNeeded, ReadError
from somnia_engine.readers import read_recording, recognise, survey
from somnia_engine.readers._apple_feed import feed
from somnia_engine.readers._apple_records import Clock, Records, in_unit
from somnia_engine.types.hypnogram import Stage
from somnia_engine.types.recording import ReadOptions, Recording

NONE = ReadOptions()
LETTERS = {"N1": Stage.L, "N2": Stage.L, "N3": Stage.N3, "R": Stage.R, "W": Stage.W}
PROLOG = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE HealthData [\n<!ELEMENT HealthData (Record*)>\n]>\n'


def record(kind: str, start: str, end: str, value: str, *, source: str = "Dee’s Watch", unit: str = "", inside: str = "") -> str:
    return (
        f'<Record type="HK{kind}" sourceName="{source}" unit="{unit}" device="&lt;&lt;HKDevice: 0x28&gt;&gt;" '
        f'startDate="{start}" endDate="{end}" value="{value}">{inside}</Record>\n'
    )


def sleep(start: str, end: str, value: str, *, source: str = "Dee’s Watch", zone: str = "") -> str:
    inside = f'<MetadataEntry key="HKTimeZone" value="{zone}"/>' if zone else ""
    return record("CategoryTypeIdentifierSleepAnalysis", start, end, "HKCategoryValueSleepAnalysis" + value, source=source, inside=inside)


def pulse(at: str, value: str = "60") -> str:
    return record("QuantityTypeIdentifierHeartRate", at, at, value, unit="count/min")


def export(folder: Path, *records: str, prolog: str = PROLOG, end: str = "</HealthData>\n") -> Path:
    path = folder / "export.xml"
    path.write_text(prolog + '<HealthData locale="en_IN">\n' + "".join(records) + end, encoding="utf-8")
    return path


def hypnogram(night: Recording) -> list[tuple[float, float, int]]:
    assert night.stages is not None
    return list(zip(night.stages.onset_s.tolist(), night.stages.duration_s.tolist(), night.stages.stages.tolist(), strict=True))


def truth_of(reference: Path, key: str) -> tuple[dict, list[tuple[float, float, int]]]:
    """The night's own numbers and its intervals with N1 and N2 as light sleep, joined as a watch writes them."""
    truth = json.loads((reference / "imports" / "_synthetic" / "truth.json").read_text())[key]
    begin = datetime.fromisoformat(truth["start_utc"])
    joined: list[tuple[float, float, int]] = []
    for start, end, letter in truth["intervals"]:
        a, b = ((datetime.fromisoformat(x) - begin).total_seconds() for x in (start, end))
        if joined and joined[-1][2] == LETTERS[letter]:
            joined[-1] = (joined[-1][0], b - joined[-1][0], int(LETTERS[letter]))
        else:
            joined.append((a, b - a, int(LETTERS[letter])))
    return truth, joined


@pytest.mark.parametrize("name", ["SYNTHETIC_overlap_export.xml", "SYNTHETIC_export.zip"])
@pytest.mark.parametrize(("key", "night"), [("A", date(2025, 10, 25)), ("B", date(2025, 11, 10))])
def test_three_overlapping_sources_give_the_one_true_night(reference: Path, name: str, key: str, night: date) -> None:
    truth, intervals = truth_of(reference, key)
    read = read_recording(reference / "imports" / "apple_health" / name, ReadOptions(night=night))
    assert read.start == datetime.fromisoformat(truth["start_utc"])
    assert read.zone == truth["zone"]
    assert read.lights_off_s == 0
    assert read.lights_on_s == 60 * truth["tib_min"]
    assert hypnogram(read) == intervals
    asleep = sum(length for _, length, stage in hypnogram(read) if stage != Stage.W)
    assert asleep == 60 * truth["tst_min"]
    assert any("Apple Watch" in str(n) and "iPhone" in str(n) for n in read.notes)


@pytest.mark.parametrize("name", ["SYNTHETIC_overlap_export.xml", "SYNTHETIC_export.zip"])
def test_the_survey_lists_both_nights_and_the_nap(reference: Path, name: str) -> None:
    found = survey(reference / "imports" / "apple_health" / name, NONE)
    assert [str(s.night) for s in found.nights] == ["2025-10-25", "2025-11-10", "2025-11-11"]
    assert [s.duration_s / 60 for s in found.nights] == [570, 450, 45]
    assert set(found.channels) == {"hr_bpm", "spo2_pct", "resp_rate_bpm", "skin_temp_c", "sdnn_ms", "stage"}
    with pytest.raises(NightChoiceNeeded, match="2025-11-11"):
        read_recording(reference / "imports" / "apple_health" / name, NONE)


def test_a_nap_alone_on_a_day_is_its_own_night_without_stages_invented(reference: Path) -> None:
    path = reference / "imports" / "apple_health" / "SYNTHETIC_export.zip"
    assert hypnogram(read_recording(path, ReadOptions(night=date(2025, 11, 11)))) == [(0, 2700, Stage.S)]


def test_streams_are_cropped_converted_and_one_temperature_stays_one_point(reference: Path) -> None:
    read = read_recording(reference / "imports" / "apple_health" / "SYNTHETIC_export.zip", ReadOptions(night=date(2025, 10, 25)))
    held = {s.channel: s for s in read.series}
    assert len(held["skin_temp_c"].values) == 1
    assert 90 <= held["spo2_pct"].values.min() <= held["spo2_pct"].values.max() <= 100
    for stream in read.series:
        assert (np.diff(stream.times_s) >= 0).all()
        assert stream.times_s[0] >= 0
        assert stream.times_s[-1] <= read.duration_s


@pytest.mark.parametrize("name", ["dogsheep_export.xml", "tdda_export6s3sample.xml"])
def test_a_real_export_without_a_night_says_so(reference: Path, name: str) -> None:
    with pytest.raises(DamagedFile, match="no night"):
        survey(reference / "imports" / "apple_health" / name, NONE)


def test_an_export_without_zone_uses_the_phones_offset_and_says_so(reference: Path) -> None:
    path = reference / "imports" / "apple_health" / "healthatlas_synthetic_Export.xml"
    found = survey(path, NONE)
    assert len(found.nights) == 5
    assert found.zone is None
    assert "UTC +2" in str(found.zone_origin)
    assert survey(path, ReadOptions(zone="Europe/Berlin")).zone == "Europe/Berlin"


NIGHT = [
    sleep("2025-03-06 22:00:00 +0100", "2025-03-07 06:00:00 +0100", "InBed", source="Dee’s iPhone"),
    sleep("2025-03-06 22:20:00 +0100", "2025-03-07 02:00:00 +0100", "AsleepCore"),
    sleep("2025-03-07 02:00:00 +0100", "2025-03-07 05:50:00 +0100", "AsleepREM"),
]
BEATS = [pulse(f"2025-03-06 23:{m:02d}:{s:02d} +0100") for m in range(60) for s in (0, 30)]


def test_time_in_bed_of_the_phone_marks_the_lights_of_a_watch_that_knows_only_sleep(tmp_path: Path) -> None:
    night = read_recording(export(tmp_path, *NIGHT), NONE)
    assert (night.lights_off_s, night.lights_on_s) == (0, 8 * 3600)
    assert hypnogram(night)[0][0] == 1200


def test_the_longest_sleep_of_a_day_is_the_night_and_the_nap_is_named(tmp_path: Path) -> None:
    nap = sleep("2025-03-06 14:00:00 +0100", "2025-03-06 14:40:00 +0100", "AsleepCore")
    night = read_recording(export(tmp_path, nap, *NIGHT), NONE)
    assert night.start == datetime(2025, 3, 6, 21, 0, tzinfo=UTC)
    assert any("13:00 to 13:40 UTC" in str(n) for n in night.notes)


def test_overlaps_within_one_source_never_count_twice(tmp_path: Path) -> None:
    plain = sleep("2025-03-06 22:10:00 +0100", "2025-03-07 06:00:00 +0100", "AsleepUnspecified")
    night = read_recording(export(tmp_path, plain, *NIGHT[1:], *NIGHT[1:]), NONE)
    rows = hypnogram(night)
    assert [stage for _, _, stage in rows] == [Stage.S, Stage.L, Stage.R, Stage.S]
    assert all(a + b <= c for (a, b, _), (c, _, _) in itertools.pairwise(rows))
    assert {str(d.reason): d.count for d in night.dropped} == {"the same record again": 2}


def test_heart_rate_alone_makes_a_night_from_two_hours_on(tmp_path: Path) -> None:
    short = [pulse(f"2025-03-06 23:{m:02d}:00 +0000") for m in range(60)]
    with pytest.raises(DamagedFile, match="no night"):
        survey(export(tmp_path, *short), NONE)
    long = [pulse(f"2025-03-07 0{h}:{m:02d}:00 +0000") for h in range(3) for m in range(0, 60, 5)]
    found = survey(export(tmp_path, *long), NONE)
    assert [str(s.night) for s in found.nights] == ["2025-03-06"]
    night = read_recording(export(tmp_path, *long), NONE)
    assert night.stages is None
    assert len(night.series[0].values) == 36


def count(path: Path, **options: int) -> int:
    records = Records()
    feed(path, records.on_start, **options)
    return records.seen


@pytest.mark.parametrize(
    "prolog",
    [
        "",
        "<?xml version='1.0'?><!DOCTYPE HealthData [<!ELEMENT broken (<<<]>",
        '<!DOCTYPE HealthData [<!ENTITY a "lol"><!ENTITY b "&a;&a;">]>',
        PROLOG.replace("]>", ""),
    ],
)
def test_the_prolog_is_never_parsed(tmp_path: Path, prolog: str) -> None:
    assert count(export(tmp_path, *BEATS, prolog=prolog or "\n")) == 120


def test_entities_are_never_expanded(tmp_path: Path) -> None:
    hostile = pulse("2025-03-07 01:00:00 +0100", "&a;")
    path = export(tmp_path, *BEATS, hostile, *NIGHT, prolog='<!DOCTYPE HealthData [<!ENTITY a SYSTEM "file:///etc/hostname">]>')
    assert count(path) == 123
    assert read_recording(path, NONE).dropped[0].count == 1


@pytest.mark.parametrize("junk", [b"\x00", b"\x0b\x1f", b"\xff\xfe", b"\x1b[0m"])
def test_control_bytes_and_broken_characters_cost_no_record(tmp_path: Path, junk: bytes) -> None:
    path = export(tmp_path, *BEATS)
    path.write_bytes(path.read_bytes().replace(b"Watch", b"Wa" + junk + b"tch").replace(b"\n", b"\n" + junk.replace(b"[0m", b"")))
    assert count(path) == 120


@pytest.mark.parametrize("junk", ["<", "&", '"', "<Record type=", "</Correlation>", "<!DOCTYPE x>", "]]>", "<Workout", "</HealthData>"])
def test_a_broken_place_costs_at_most_the_records_it_touches(tmp_path: Path, junk: str) -> None:
    path = export(tmp_path, *BEATS[:60], junk, *BEATS[60:])
    assert count(path) >= 119
    records = Records()
    assert feed(path, records.on_start).broken <= 1


@pytest.mark.parametrize("at", [0.2, 0.35, 0.5, 0.77, 0.9, 0.99])
def test_a_cut_file_keeps_every_whole_record(tmp_path: Path, at: float) -> None:
    path = export(tmp_path, *NIGHT, *BEATS)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(at * len(whole))])
    records = Records()
    report = feed(path, records.on_start)
    assert report.breaks_off
    assert records.seen >= path.read_bytes().count(b"</Record>")
    assert records.seen + report.broken <= path.read_bytes().count(b"<Record") + 1


def test_the_size_of_the_chunks_does_not_matter(reference: Path, tmp_path: Path) -> None:
    source = reference / "imports" / "apple_health" / "SYNTHETIC_overlap_export.xml"
    broken = tmp_path / "broken.xml"
    broken.write_bytes(source.read_bytes().replace(b'value="58"', b'value="5<8"'))
    for path in (source, broken):
        seen = []
        for chunk_bytes in (100, 1000, 7777, 65536, 10_000_000):
            records = Records()
            report = feed(path, records.on_start, chunk_bytes=chunk_bytes)
            seen.append((records.seen, report.broken, report.breaks_off, records.rows()))
        assert all(s == seen[0] for s in seen)


def test_a_correlation_child_that_is_repeated_counts_once(tmp_path: Path) -> None:
    child = pulse("2025-03-07 01:00:00 +0100")
    path = export(tmp_path, *NIGHT, f"<Correlation>{child}</Correlation>", child.replace("0x28", "0x99"))
    night = read_recording(path, NONE)
    assert len(night.series[0].values) == 1


@pytest.mark.parametrize("at", [0.3, 0.6, 0.9])
def test_a_cut_zip_gives_what_was_packed_before_the_cut(tmp_path: Path, at: float) -> None:
    plain = export(tmp_path, *NIGHT, *BEATS)
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(plain, "apple_health_export/export.xml")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(at * len(whole))])
    assert recognise(path).key == "apple_health"
    records = Records()
    assert feed(path, records.on_start).breaks_off
    assert at < 0.5 or records.seen > 3


def test_a_zip_bomb_is_refused_early(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("apple_health_export/export.xml", "w", force_zip64=True) as file,
    ):
        file.write(b"<HealthData>")
        for _ in range(120):
            file.write(b" " * 1_000_000)
    with pytest.raises(DamagedFile, match="far more"):
        survey(path, NONE)


@pytest.mark.parametrize("member", ["../../export.xml", "/etc/export.xml", "apple_health_export/Exportieren.xml"])
def test_a_member_is_read_in_place_whatever_its_path(tmp_path: Path, member: str) -> None:
    text = export(tmp_path, *NIGHT).read_text(encoding="utf-8")
    folder = tmp_path / "inner"
    folder.mkdir()
    path = folder / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, text)
    before = sorted(tmp_path.rglob("*"))
    assert len(survey(path, NONE).nights) == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_zip_of_something_else_is_not_taken_for_an_export(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("holiday.txt", "sun")
    with pytest.raises(ReadError, match="zip file"):
        recognise(path)


@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc", "x" * 300])
def test_a_zone_that_does_not_exist_is_passed_over(tmp_path: Path, zone: str) -> None:
    named = sleep("2025-03-06 22:20:00 +0100", "2025-03-07 02:00:00 +0100", "AsleepCore", zone=zone)
    assert read_recording(export(tmp_path, named), NONE).zone is None


@pytest.mark.parametrize(
    ("channel", "value", "unit", "expected"),
    [
        ("spo2_pct", 0.97, "%", 97.0),
        ("spo2_pct", 97.0, "%", 97.0),
        ("skin_temp_c", 98.6, "degF", 37.0),
        ("skin_temp_c", 35.5, "degC", 35.5),
        ("hr_bpm", 1.0, "count/s", 60.0),
        ("sdnn_ms", 40.0, "ms", 40.0),
    ],
)
def test_values_come_in_the_units_of_their_channel(channel: str, value: float, unit: str, expected: float) -> None:
    assert in_unit(channel, value, unit) == pytest.approx(expected)


def test_times_are_read_as_the_standard_library_reads_them() -> None:
    clock = Clock()
    begin = datetime(2024, 2, 28, 22, 0, 7, tzinfo=UTC)
    for hours in range(60):
        for offset in ("+0000", "-0730", "+0545"):
            sign = -1 if offset[0] == "-" else 1
            away = sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[3:]))
            at = begin + timedelta(hours=hours)
            assert clock(f"{at + away:%Y-%m-%d %H:%M:%S} {offset}") == at.timestamp()
    for junk in ("", "yesterday", "2025-13-01 00:00:00 +0000", "2025-01-01 00:00:00", "0001-01-01 00:00:00 +0000"):
        with pytest.raises(ValueError):  # noqa: PT011 - only the class matters
            clock(junk)
