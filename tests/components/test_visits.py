from datetime import UTC, datetime

from components.visits import calendar_file
from somnia_server.store.visits import Detail, Visit

AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
VISIT = Visit("v1", "u-p", "u-d", "Dr Rao", AT, 20, "planned", Detail("https://video.example.org/" + "room" * 40))


def said() -> str:
    return calendar_file(VISIT, title="Sleep visit; by video, äöü", stamp=AT)


def test_a_calendar_file_is_folded_and_ends_its_lines_as_rfc_5545_says() -> None:
    text = said()
    assert text.endswith("END:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "room" * 40 in text.replace("\r\n ", "")


def test_it_says_when_in_utc_and_reminds_twice() -> None:
    text = said()
    assert "DTSTART:20260105T093000Z" in text
    assert "DTEND:20260105T095000Z" in text
    assert text.count("BEGIN:VALARM") == 2
    assert "SUMMARY:Sleep visit\\; by video\\, äöü" in text


def test_it_names_no_patient() -> None:
    assert "u-p" not in said()
