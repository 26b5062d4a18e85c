"""What the upload page says about files: found, refused, overlapping, open questions."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from components.upload import Looked, drop_zone, looked_row, overlaps, summary, without_zone
from somnia_engine.readers import readers
from somnia_engine.readers._clock import ZONE_SAID
from somnia_engine.text import Text
from somnia_engine.types.recording import Dropped, NightSpan, Survey

START = datetime(2025, 11, 14, 22, 0, tzinfo=UTC)


@dataclass(frozen=True)
class File:
    id: str = "f1"
    name: str = "watch.csv"
    size: int = 2048
    received: int = 2048
    state: str = "ready"


def survey(*, later_h: float = 0.0, hours: float = 7.0, nights: int = 1, needs_start: bool = False) -> Survey:
    spans = []
    for i in range(nights):
        start = START + timedelta(days=i, hours=later_h)
        known = None if needs_start else start
        end = None if needs_start else start + timedelta(hours=hours)
        spans.append(NightSpan(None if needs_start else date(2025, 11, 14 + i), known, end, hours * 3600))
    return Survey(
        "csv", Text("SOMNIA CSV"), tuple(spans), None, Text("The file names no zone."), ("hr_bpm", "acc_x_g", "acc_y_g"),
        dropped=(Dropped(Text("a row that is not a row of this table"), 3),), needs_start=needs_start,
    )  # fmt: skip


def test_a_row_says_what_was_found_and_what_was_left_out() -> None:
    said = str(looked_row(File(), Looked("watch.csv", survey())))
    assert "SOMNIA CSV" in said
    assert "heart rate, acceleration" in said
    assert "Night of Fri 14 Nov 2025, 22:00 – 05:00" in said
    assert "Left out: 3 × a row that is not a row of this table" in said


def test_a_refused_file_shows_its_reason_and_counts_as_refused() -> None:
    said = str(looked_row(File(), Looked("x", None, Text("x looks like a PDF document."))))
    assert "x looks like a PDF document." in said
    assert "refused" in said


def test_files_that_share_a_night_are_said_to_be_read_as_one() -> None:
    assert list(overlaps([Looked("a", survey()), Looked("b", survey(later_h=1))])) == [
        "a and b share 6 h 00 of Fri 14 Nov; they are read as one night."
    ]


def test_files_of_one_night_without_a_common_minute_are_named() -> None:
    assert list(overlaps([Looked("a", survey(hours=1)), Looked("b", survey(later_h=3, hours=1))])) == [
        "a and b are of Fri 14 Nov but share no minute."
    ]


def test_three_files_of_one_night_are_summed_up_in_one_sentence() -> None:
    assert list(overlaps([Looked(name, survey()) for name in "abc"])) == [
        "All 3 files share the night of Fri 14 Nov; they are read as one."
    ]


def test_nothing_can_be_analyzed_before_a_file_can_be_read_or_while_its_beginning_is_open() -> None:
    assert "disabled=True" in str(summary([], busy=False))
    assert "Say when the recording began" in str(summary([Looked("a", survey(needs_start=True))], busy=False))
    assert "disabled=False" in str(summary([Looked("a", survey())], busy=False))


def test_the_newest_fourteen_nights_are_ticked() -> None:
    said = str(summary([Looked("a", survey(nights=16))], busy=False))
    assert "'2025-11-29'" in said.rsplit("value=", maxsplit=1)[-1] or "2025-11-29" in said
    assert said.count("2025-11-14'") == 1


def test_a_zone_that_was_said_is_not_the_files_own() -> None:
    assert without_zone(survey())
    assert without_zone(Survey("csv", Text("x"), (), "UTC", ZONE_SAID, ()))
    assert not without_zone(Survey("csv", Text("x"), (), "UTC", Text("The sleep records name this zone."), ()))


def test_everything_that_can_be_read_is_named_where_files_are_dropped() -> None:
    said = str(drop_zone())
    assert f"{len(readers())} kinds of files" in said
    assert all(str(reader.name) in said for reader in readers())
