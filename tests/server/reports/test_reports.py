"""A night's report on paper: a PDF of its own page, for those who may see the night, without a name and without anything from elsewhere."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from pypdf import PdfReader

from somnia_server.reports.drawing import draw_night
from somnia_server.reports.paper import Paper, PrintError, Signed, print_pdf, report_page
from somnia_server.store.actors import pseudonym
from somnia_server.store.nights import Kept, save_night
from tests.components.made import night
from tests.server.conftest import Visitor

DAY = date(2025, 11, 14)


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def page_of(app: Flask, **changes: object) -> str:
    with app.test_request_context("/"):
        return report_page(replace(Paper("v-somebody", DAY, night(), 1), **changes))  # type: ignore[arg-type]


@pytest.mark.sqlite
def test_whoever_may_see_a_night_gets_its_report_and_nobody_else(app: Flask, visitor: Visitor, stranger: Visitor) -> None:
    with app.app_context():
        night_id = save_night(visitor.actor.id, night(), kept=Kept(DAY, "files"))
    answer = visitor.client.get(f"/report/night/{night_id}")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="somnia-2025-11-14.pdf"'
    said = text_of(answer.data)
    assert "Night report" in said
    assert "ODI3" in said
    assert "2025-11-14 23:00" in said
    assert stranger.client.get(f"/report/night/{night_id}").status_code == 404


@pytest.mark.sqlite
def test_the_short_form_is_shorter_and_pages_are_numbered(app: Flask) -> None:
    whole, short = (PdfReader(io.BytesIO(print_pdf(page_of(app, full=full)))) for full in (True, False))
    assert len(short.pages) <= 2 <= len(whole.pages)
    assert f"1 / {len(whole.pages)}" in whole.pages[0].extract_text()
    assert "needs airflow" in text_of(print_pdf(page_of(app)))
    assert "needs airflow" not in "\n".join(page.extract_text() for page in short.pages)


@pytest.mark.sqlite
def test_a_patient_and_a_doctor_are_spoken_to_each_in_their_way(app: Flask) -> None:
    assert "You slept" in page_of(app)
    assert "You slept" not in page_of(app, doctor=True)
    assert "sleep efficiency" in page_of(app, doctor=True)


@pytest.mark.sqlite
def test_what_was_signed_stands_there_as_text_and_the_person_only_by_a_pseudonym(app: Flask) -> None:
    signed = (Signed(1, "Dr. <b>Who</b>", datetime(2025, 11, 20, 9, 30, tzinfo=UTC), "Seen.\n<script>alert(1)</script>"),)
    page = page_of(app, signed=signed)
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "Dr. &lt;b&gt;Who&lt;/b&gt;" in page
    assert pseudonym("v-somebody") in page
    assert "v-somebody" not in page


@pytest.mark.sqlite
def test_the_printer_reads_nothing_from_elsewhere(app: Flask, tmp_path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret that must not be printed")
    page = f'<html><body><a rel="attachment" href="{secret.as_uri()}">x</a><link rel="attachment" href="{secret.as_uri()}"><img src="http://127.0.0.1:9/x.png"><p>here</p></body></html>'
    content = print_pdf(page)
    assert "here" in text_of(content)
    assert PdfReader(io.BytesIO(content)).attachments == {}


def test_what_cannot_be_printed_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("somnia_server.reports.paper.LONGEST_S", 0.001)
    with pytest.raises(PrintError, match="was not printed within"):
        print_pdf("<html></html>")


def test_a_drawing_reads_in_grey_and_keeps_gaps() -> None:
    drawn = draw_night(night())
    assert drawn.count('class="line"') == 2
    oxygen = night()
    columns = dict(oxygen.features.columns)
    columns["spo2_pct"] = columns["spo2_pct"].copy()
    columns["spo2_pct"][300:400] = float("nan")
    gapped = draw_night(replace(oxygen, features=replace(oxygen.features, columns=columns)))
    assert gapped.count("M") == drawn.count("M") + 1
    assert 'height="9"' in drawn, "REM stands taller than the other stages"
    assert "23:00" in drawn
    assert "00:00" in drawn


def test_a_night_without_a_clock_counts_its_hours(app: Flask) -> None:
    assert "+1 h" in draw_night(night(start=None, zone=None))
    assert "the clock is not known" in page_of(app, analysis=night(start=None, zone=None))


@pytest.mark.sqlite
@pytest.mark.parametrize(("form", "media", "begins"), [
    ("edf", "application/edf", b"0       "), ("fhir", "application/fhir+json", b'{"resourceType": "Bundle"'),
    ("csv", "text/csv", b"time_s,time,stage"), ("json", "application/json", b'{"schema_version"'),
])  # fmt: skip
def test_other_programs_get_their_own_forms(app: Flask, visitor: Visitor, form: str, media: str, begins: bytes) -> None:
    with app.app_context():
        night_id = save_night(visitor.actor.id, night(), kept=Kept(DAY, "files"))
    answer = visitor.client.get(f"/report/night/{night_id}?form={form}")
    assert (answer.status_code, answer.mimetype) == (200, media)
    assert answer.data.startswith(begins)
    assert visitor.client.get(f"/report/night/{night_id}?form=exe").status_code == 404
