import os
import random
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from somnia_server.store import anchors, audit
from somnia_server.store.actors import Actor, Role
from somnia_server.store.house import house, now
from somnia_server.store.tables import db
from tests import reports
from tests.server.databases import kind_of

pytestmark = pytest.mark.usefixtures("context")
PROJECT = Path(__file__).resolve().parents[3]
PATIENT = Actor("u-" + "1" * 32, Role.USER)
DOCTOR = Actor("u-" + "2" * 32, Role.DOCTOR)
ADMIN = Actor("u-" + "3" * 32, Role.ADMIN)


def fill(count: int) -> None:
    for i in range(count):
        audit.note(DOCTOR, "read_night", subject=PATIENT.id, thing=f"night {i}", detail=f"because {i}" if i % 3 == 0 else "")
    db.session.commit()


def test_an_untouched_log_has_no_faults():
    fill(7)
    audit.anchor(now())
    assert audit.verify() == audit.Verdict(8, ())


def test_what_others_did_is_read_by_the_person_whose_data_it_is_and_by_nobody_else():
    fill(2)
    newest, oldest = audit.entries_about(PATIENT)
    assert (oldest.actor, oldest.role, oldest.action, oldest.thing, oldest.detail) == (
        DOCTOR.id,
        "doctor",
        "read_night",
        "night 0",
        "because 0",
    )
    assert newest.seq == 2
    assert audit.entries_about(DOCTOR, PATIENT.id) == ()
    assert audit.entries_about(ADMIN, PATIENT.id) == ()


def test_an_administrator_reads_a_window_of_time_without_what_was_said():
    fill(3)
    begins, ends = now() - timedelta(minutes=1), now() + timedelta(minutes=1)
    assert [entry.detail for entry in audit.entries_between(ADMIN, begins, ends)] == ["", "", ""]
    assert audit.entries_between(ADMIN, ends, ends + timedelta(days=1)) == ()
    assert audit.entries_between(DOCTOR, begins, ends) == ()


def test_the_reason_is_not_readable_on_disk():
    fill(1)
    assert b"because" not in db.session.scalar(text("SELECT sealed_detail FROM audit"))


def test_a_read_of_ones_own_data_is_not_noted_and_another_persons_once_a_request(app):
    audit.note_read(PATIENT, "read_night", subject=PATIENT.id)
    with app.test_request_context():
        for _ in range(3):
            audit.note_read(DOCTOR, "read_night", subject=PATIENT.id, thing="n")
        audit.note_read(DOCTOR, "read_night", subject=PATIENT.id, thing="m")
    assert [entry.thing for entry in audit.entries_about(PATIENT)] == ["m", "n"]


def test_entries_of_several_processes_have_no_gap(environ):
    code = (
        "from somnia_server import create_server; from somnia_server.settings import Settings\n"
        "from somnia_server.store import audit; from somnia_server.store.actors import Actor, Role\n"
        "from somnia_server.store.tables import db\n"
        "with create_server(Settings.from_env()).app_context():\n"
        "    for i in range(25):\n"
        "        audit.note(Actor('a', Role.DOCTOR), 'x', subject='b', thing=str(i)); db.session.commit()\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, env=os.environ | environ) for _ in range(4)]
    assert [process.wait(60) for process in running] == [0] * 4
    assert audit.verify() == audit.Verdict(100, ())


def test_an_anchor_is_written_once_an_hour_and_a_log_that_rests_is_anchored_once():
    fill(1)
    at = now()
    assert audit.anchor(at)
    fill(1)
    assert not audit.anchor(at + timedelta(minutes=59))
    assert audit.anchor(at + timedelta(minutes=61))
    assert not audit.anchor(at + timedelta(minutes=200))
    assert audit.verify() == audit.Verdict(4, ())


def test_many_entries_are_anchored_before_the_hour_is_over():
    fill(1)
    at = now()
    assert audit.anchor(at)
    fill(anchors.EACH)
    assert audit.anchor(at + timedelta(minutes=1))


def cut(count: int) -> None:
    """Delete the last entries of the log."""
    db.session.execute(text("DELETE FROM audit WHERE seq > (SELECT max(seq) FROM audit) - :n"), {"n": count})
    db.session.commit()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_tail_that_is_cut_off_is_missed_at_once_without_an_anchor(count):
    fill(7)
    cut(count)
    (fault,) = audit.verify().faults
    assert fault.values == {"end": 7 - count, "anchor": 7}


def keep(name: str) -> Path:
    return house().settings.keep / f"anchors.{name}"


def test_anchors_that_were_cut_off_are_missed():
    for _ in range(3):
        fill(1)
        assert audit.anchor(now(), now_in_any_case=True)
    lines = keep("log").read_text().splitlines(keepends=True)
    keep("log").write_text("".join(lines[:2]))
    whole, left = sum(map(len, lines)), sum(map(len, lines[:2]))
    assert [fault.values for fault in audit.verify().faults] == [{"written": left, "said": whole}]
    keep("log").unlink()
    assert [fault.values for fault in audit.verify().faults] == [{"written": 0, "said": whole}]


def test_a_head_that_is_missing_or_changed_is_named():
    fill(2)
    audit.anchor(now())
    said = keep("head").read_text()
    keep("head").write_text(said.replace("[3,", "[2,"))
    assert len(audit.verify().faults) == 1
    keep("head").unlink()
    assert len(audit.verify().faults) == 1
    keep("head").write_text(said)
    assert audit.verify().faults == ()


def test_the_log_and_its_anchors_cut_together_are_missed_by_the_head():
    fill(2)
    audit.anchor(now())
    before = keep("log").read_bytes()
    fill(2)
    audit.anchor(now(), now_in_any_case=True)
    cut(3)
    keep("log").write_bytes(before)
    assert audit.verify().faults != ()


def test_a_folder_that_cannot_be_written_stops_nobody(monkeypatch, caplog):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(anchors, "keep_head", full)
    fill(1)
    assert "No space left" in caplog.text


def test_a_changed_anchor_is_found():
    fill(2)
    audit.anchor(now())
    path = house().settings.keep / "anchors.log"
    path.write_text(path.read_text().replace("[2,", "[1,"))
    assert len(audit.verify().faults) == 1


def test_the_command_says_what_it_found(environ):
    fill(2)
    run = [sys.executable, "-m", "somnia_server.cli", "verify-audit"]
    good = subprocess.run(run, cwd=PROJECT, env=os.environ | environ, capture_output=True, text=True, check=False)
    db.session.execute(text("UPDATE audit SET action = 'other' WHERE seq = 1"))
    db.session.commit()
    bad = subprocess.run(run, cwd=PROJECT, env=os.environ | environ, capture_output=True, text=True, check=False)
    assert (good.returncode, bad.returncode) == (0, 1), good.stderr + bad.stderr
    assert "2 entries, 0 faults" in good.stdout
    assert "Entry 1" in bad.stdout


def test_the_commands_of_flask_say_the_same(app):
    fill(2)
    run = app.test_cli_runner()
    good = run.invoke(args=["somnia", "verify-audit"])
    db.session.execute(text("UPDATE audit SET action = 'other' WHERE seq = 1"))
    db.session.commit()
    bad = run.invoke(args=["somnia", "verify-audit"])
    assert (good.exit_code, bad.exit_code) == (0, 1), bad.output
    assert "2 entries, 0 faults" in good.output
    assert "Entry 1" in bad.output


COLUMNS = ("at", "actor", "role", "action", "subject", "object", "sealed_detail", "mac")


def break_one_thing(rng: random.Random, rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return the log with one edit, deletion, insertion, change of order or cut tail in it."""
    kind = rng.choice(("edit", "delete", "insert", "order", "tail"))
    i, j = rng.sample(range(len(rows)), 2)
    if kind == "edit":
        column = rng.choice(COLUMNS)
        spare = {"mac": b"x", "sealed_detail": b"x", "at": now()}.get(column, "")
        rows[i][column] = rows[j][column] if rows[j][column] != rows[i][column] else spare
        if column in ("actor", "role", "action", "subject", "object"):
            rows[i][column] = f"{rows[i][column]}."
    elif kind == "delete":
        del rows[i]
        if rng.random() < 0.5:
            rows = [row | {"seq": n + 1} for n, row in enumerate(rows)]
    elif kind == "insert":
        rows = [row | {"seq": row["seq"] + (row["seq"] >= rows[i]["seq"])} for row in rows] + [dict(rows[i])]
    elif kind == "order":
        rows[i]["seq"], rows[j]["seq"] = rows[j]["seq"], rows[i]["seq"]
    else:
        rows = rows[: i + 1] if i < len(rows) - 1 else rows[:-1]
    return rows


def broken_logs_found(times: int) -> int:
    fill(12)
    audit.anchor(now())
    table = audit.AuditRow.__table__
    genuine = [dict(row._mapping) for row in db.session.execute(table.select().order_by(table.c.seq))]
    found = 0
    for seed in range(times):
        rows = break_one_thing(random.Random(seed), [dict(row) for row in genuine])
        db.session.execute(table.delete())
        db.session.execute(table.insert(), rows)
        found += bool(audit.verify().faults)
        db.session.rollback()
    return found


def test_every_change_of_the_log_is_found():
    assert broken_logs_found(300) == 300


@pytest.mark.slow
def test_every_one_of_ten_thousand_changes_of_the_log_is_found(environ: dict[str, str]):
    assert broken_logs_found(10_000) == 10_000
    found = {"entries edited, deleted, inserted, re-ordered, cut off": "10,000", "found by the verification": "10,000"}
    reports.keep(f"r19-audit-{kind_of(environ)}", f"Changes of the audit log (R19, {kind_of(environ)})", found=found)
