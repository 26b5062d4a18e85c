"""What is changed on the disk is shown as damaged where it stands, and every list of which it is a part can still be read (R12)."""

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import text

from somnia_engine.text import Text
from somnia_engine.types.questionnaires import Answered
from somnia_server.store import (
    accounts,
    answers,
    audit,
    breaches,
    clinic_notes,
    devices,
    filters,
    grants,
    guardians,
    interpretations,
    invitations,
    jobs,
    kiosks,
    messages,
    mydata,
    nights,
    notices,
    persons,
    processing,
    recordings,
    remarks,
    scorings,
    sessions,
    sharing_requests,
    visits,
    worklist,
)
from somnia_server.store.actors import Actor, Role
from somnia_server.store.choices import Choices
from somnia_server.store.damaged import DAMAGED, NAME, SENTENCE
from somnia_server.store.house import now
from somnia_server.store.nights import Kept
from somnia_server.store.persons import MedicalEntry, MedicalHistory, PersonError, PersonSettings, Profile
from somnia_server.store.remarks import Remark
from somnia_server.store.tables import Base, session
from somnia_server.store.tables.base import Lookup
from tests.server.conftest import make_account, make_night

pytestmark = pytest.mark.usefixtures("context")
SHOWN_NOWHERE = {
    "interpretations.sealed_summary",
    "interpretations.sealed_series",
    "nights.sealed_series",
    "jobs.sealed_options",
    "uploads.sealed_survey",
    "sessions.sealed_agent",
    "clips.sealed_clip",
    "trends.sealed_trend",
    "devices.sealed_key",
    "packets.sealed_letter",
    "repeats.sealed_answer",
    "webhooks.sealed_said",
}
"""What no list names: it is read with its own page, by the worker, made again, or does without."""
LOOSE = {"surveys", "browsers", "who one is", "what one has", "how one wants it", "whether one may go on"}
"""Where nothing, or a default, stands instead; that something is damaged is said beside it."""
UNTOLD = {"age_h", "eta_s", "read_at"}


class World:
    """People who share, with two of everything that a list may show."""

    def __init__(self) -> None:
        self.patient, self.other = make_account(email="p@example.org"), make_account(email="q@example.org")
        self.doctor, self.admin = make_account(Role.DOCTOR, email="d@example.org"), make_account(Role.ADMIN, email="a@example.org")
        for who in (self.patient, self.other, self.doctor, self.admin):
            persons.save_profile(who, Profile(name=f"Name of {who.id[:6]}", birth_date=date(1980, 2, 29)))
            persons.save_history(who, MedicalHistory((MedicalEntry("diagnosis", "Insomnia"),)))
            persons.save_settings(who, PersonSettings(clock=12))
        for i, one in enumerate((self.patient, self.other)):
            nights.save_night(self.patient.id, make_night(date(2025, 1, 10 + i)), kept=Kept(date(2025, 1, 10 + i), f"f{i}"))
            nights.save_night(one.id, make_night(date(2025, 2, 10)), kept=Kept(date(2025, 2, 10), "g"))
            remarks.save_remark(self.patient, date(2025, 1, 10 + i), remark=Remark("Coffee at six", ("coffee",)))
            answers.save_answers(self.patient, Answered("rbd1q", date(2025, 1, 10 + i), (i,)))
            self._bring_files(i)
            notices.tell(self.patient.id, notices.NIGHT, Text("Your night is ready."))
            sharing_requests.ask_to_share(self.doctor, f"{'pq'[i]}@example.org", message="Please")
            invitations.share_with_address(one, "d@example.org")
            invitations.share_with_address(self.patient, f"later{i}@example.org")
            breaches.open_breach(self.admin, begins=now() - timedelta(hours=1), ends=now(), notes="A laptop was lost")
            sessions.begin_session(self.patient.id, "Firefox")
            audit.note(self.doctor, "break_glass", subject=self.patient.id, detail="Found without consciousness")
        pairing = kiosks.start_pairing(self.doctor, "Ward 3")
        self.kiosk = kiosks.kiosk_actor(kiosks.pair(pairing.code) or "") or Actor("", Role.KIOSK)
        kiosks.start_pairing(self.doctor, "Ward 4")
        for one in (self.patient, self.other):
            assert kiosks.add_bed(self.doctor, self.kiosk.id, patient=one.id, alias="Bed")
        for i in range(2):
            assert clinic_notes.write(self.admin, f"Breakfast is at {7 + i}.", last_day=now().date())
            devices.add_device(self.patient, f"Phone {i}")
        self._read_by_the_doctor()
        session().commit()

    def _read_by_the_doctor(self) -> None:
        self.night = nights.list_nights(self.patient)[0].id
        length = nights.load_night(self.patient, self.night).analysis.features.n_epochs
        assert scorings.save_draft(self.doctor, self.night, scorings.Marks("1" * length))
        for said in ("First word", "Second word"):
            assert interpretations.sign(self.doctor, self.night, said)
            assert messages.send(self.doctor, self.patient.id, self.doctor.id, text=said)
            room = visits.Detail("https://video.example.org/1", self.night)
            visits.plan(self.doctor, self.patient.id, begins_at=now() + timedelta(days=2), minutes=20, detail=room)
            filters.keep_filter(self.doctor, said, model={"new": 1})

    def _bring_files(self, i: int) -> None:
        upload = recordings.add_upload(self.patient, f"night{i}.csv", size=10)
        assert upload is not None
        recordings.mark_ready(self.patient, upload, sha256="00")
        found = recordings.find_upload(self.patient, upload)
        assert found is not None
        recordings.save_survey(found, b"[]")
        jobs.add_job(self.patient, jobs.Order(self.patient.id, (upload,), date(2025, 1, 10 + i), Choices(), f"j{i}"))
        claim = jobs.claim_next()
        assert claim is not None
        jobs.fail(claim, Text("No room."))

    def looks(self) -> dict[str, Callable[[], Sequence[object]]]:
        """Return every list and label that somebody may ask for."""
        patient, doctor, admin = self.patient, self.doctor, self.admin
        return {
            "nights": lambda: nights.list_nights(patient),
            "nights of a patient": lambda: nights.list_nights(doctor, patient.id),
            "remarks": lambda: remarks.list_remarks(patient),
            "answers": lambda: answers.load_answers(patient),
            "devices": lambda: devices.devices_of(patient),
            "uploads": lambda: recordings.list_uploads(patient),
            "surveys": lambda: [recordings.load_survey(upload) or b"" for upload in recordings.list_uploads(patient)],
            "jobs": lambda: jobs.jobs_of(patient),
            "notices": lambda: notices.list_notices(patient),
            "what is exported": lambda: [{name: part() for name, part in mydata.parts(patient, patient.id).items() if name != "audit"}],
            "worklist": lambda: worklist.worklist(doctor),
            "filters": lambda: filters.list_filters(doctor),
            "scorings": lambda: scorings.scorings_of(doctor, self.night),
            "interpretations": lambda: interpretations.interpretations_of(doctor, self.night),
            "messages": lambda: messages.list_messages(doctor),
            "visits": lambda: visits.list_visits(doctor),
            "words on displays": lambda: clinic_notes.notes_now(self.admin),
            "displays": lambda: kiosks.list_kiosks(doctor),
            "a display": lambda: kiosks.board(self.kiosk),
            "grants": lambda: grants.grants_of(patient),
            "patients": lambda: grants.patients_of(doctor),
            "invitations": lambda: invitations.invitations_of(patient),
            "requests": lambda: sharing_requests.requests_to(patient),
            "asked": lambda: sharing_requests.requests_by(doctor),
            "guardians": lambda: guardians.guardians_of(patient),
            "accounts": lambda: accounts.list_accounts(admin),
            "names": lambda: sorted(map(str, persons.names_of_doctors(patient, [doctor.id]).values())),
            "the log": lambda: [entry for entry in audit.entries_about(patient) if entry.detail],
            "incidents": lambda: breaches.breaches(admin),
            "browsers": lambda: sessions.sessions_of(patient, ""),
            "who one is": lambda: [persons.load_profile(patient), persons.damaged_parts(patient)],
            "what one has": lambda: [persons.load_history(patient)],
            "how one wants it": lambda: [persons.load_settings(patient)],
            "a card": lambda: [persons.read_by_doctor(doctor, patient.id)],
            "whether one may go on": lambda: [processing.processing_refusal(patient.id) is None],
        }


def tell(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: tell(getattr(value, field.name)) for field in fields(value) if field.name not in UNTOLD}
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, dict):
        return {name: tell(one) for name, one in value.items()}
    return [tell(one) for one in value] if isinstance(value, (list, tuple)) else repr(value)


def says_damaged(said: object) -> bool:
    return any(sign in str(said) for sign in (NAME.msgid, SENTENCE.msgid, f"'{DAMAGED}': 'True'", f"\"'{DAMAGED}'\""))


def look(world: World) -> dict[str, list[object]]:
    session().rollback()
    session().expire_all()
    return {name: [tell(entry) for entry in read()] for name, read in world.looks().items()}


def columns() -> list[tuple[str, str]]:
    """Return every column that is kept sealed, as table and name."""
    return [
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.c
        if column.name.startswith("sealed_") or isinstance(column.type, Lookup)
    ]


def test_one_damaged_row_is_named_and_breaks_no_list():
    world = World()
    whole, named = look(world), set()
    assert not any(says_damaged(entry) for name, entries in whole.items() if name not in LOOSE for entry in entries)
    assert min(len(entries) for name, entries in whole.items() if name not in {"guardians", "whether one may go on"}) > 0
    for table, column in columns():
        key = next(one.name for one in Base.metadata.tables[table].primary_key)
        kept = session().execute(text(f"SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY 1 LIMIT 30")).all()
        for row, sealed in kept:
            change = text(f"UPDATE {table} SET {column} = :now WHERE {key} = :row AND {column} = :was")
            session().execute(change, {"row": row, "was": bytes(sealed), "now": bytes(sealed)[:-1] + bytes([bytes(sealed)[-1] ^ 1])})
            session().commit()
            found = look(world)
            for name, entries in found.items():
                assert len(entries) == len(whole[name]), (table, column, name)
                other = [a for a, b in zip(entries, whole[name], strict=True) if a != b and not says_damaged(a)]
                if column == "sealed_profile":  # whose name is damaged is called by the address
                    other = [entry for entry in other if "d@example.org" not in str(entry)]
                assert name in LOOSE or other == [], (column, name)
                named |= {f"{table}.{column}"} if any(map(says_damaged, entries)) else set()
            session().execute(change, {"row": row, "now": bytes(sealed), "was": bytes(sealed)[:-1] + bytes([bytes(sealed)[-1] ^ 1])})
            session().commit()
    unseen = {f"{table}.{column}" for table, column in columns()} - named - SHOWN_NOWHERE
    assert unseen == {"users.tf_phone_number", "users.oidc_subject"}  # nobody here has one


def damage(table: str, column: str) -> None:
    session().execute(text(f"UPDATE {table} SET {column} = :new"), {"new": b"\x02" + b"x" * 60})
    session().commit()
    session().expire_all()


def test_nobody_writes_over_a_damaged_profile_but_an_administrator_corrects_it():
    me, admin = make_account(), make_account(Role.ADMIN)
    persons.save_profile(me, Profile(name="Anna", birth_date=date(2012, 2, 29)))
    damage("persons", "sealed_profile")
    with pytest.raises(PersonError, match="cannot be kept"):
        persons.save_profile(me, Profile(name="Anna", birth_date=date(1980, 2, 29)))
    assert persons.correct_birth_date(admin, me.id, day=date(2012, 2, 29))
    assert persons.load_profile(me).birth_date == date(2012, 2, 29)


def test_what_one_has_can_be_said_again_after_it_was_damaged():
    me = make_account()
    persons.save_history(me, MedicalHistory((MedicalEntry("diagnosis", "Insomnia"),)))
    damage("persons", "sealed_history")
    assert persons.damaged_parts(me) == ("history",)
    assert persons.save_history(me, MedicalHistory((MedicalEntry("diagnosis", "Insomnia"),)))
    assert persons.damaged_parts(me) == ()


def test_a_job_whose_choices_were_changed_fails_and_the_next_one_is_taken():
    world = World()
    for i in range(2):
        jobs.add_job(world.patient, jobs.Order(world.patient.id, (), date(2025, 3, 1 + i), Choices(), f"k{i}"))
    change = text("UPDATE jobs SET sealed_options = :new WHERE fingerprint = 'k0'")
    session().execute(change, {"new": b"\x02" + b"x" * 60})
    session().commit()
    assert jobs.claim_next() is None
    taken = jobs.claim_next()
    assert taken is not None
    assert taken.fingerprint == "k1"
    assert [job.error for job in jobs.jobs_of(world.patient) if job.night == date(2025, 3, 1)] == [SENTENCE]
