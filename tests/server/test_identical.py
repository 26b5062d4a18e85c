"""One long, random script of what the stores can do, played on both databases: every answer is the same, and what is left in the tables."""

import hashlib
import json
import random
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import LargeBinary, select, update

from somnia_engine.text import Text
from somnia_server import create_server
from somnia_server.settings import Settings
from somnia_server.store import (
    accounts,
    audit,
    consents,
    emergencies,
    grants,
    guardians,
    invitations,
    jobs,
    kiosks,
    leaving,
    nightcodec,
    nights,
    notices,
    people,
    persons,
    recordings,
    sessions,
    sharing_requests,
    tokens,
    tries,
)
from somnia_server.store.actors import Actor, Role
from somnia_server.store.choices import Choices
from somnia_server.store.grants import Terms
from somnia_server.store.house import now
from somnia_server.store.nights import Kept
from somnia_server.store.persons import MedicalEntry, MedicalHistory, PersonSettings, Profile
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import Base, GrantRow, JobRow, session
from tests.server.conftest import make_account, make_night
from tests.server.databases import Cluster

ID = re.compile(r"\b(?:[uvk]-)?(?:[0-9a-f]{16}){1,4}\b")
WORDS = ("Anna", "änne", "Zoë", "zoe", "中村", "O'Neil", "💤", "a" * 200, "  spaced  ", "%_\\", "\t")
DAYS = tuple(date(2025, 1, 1) + timedelta(days=i) for i in range(5))
UNTOLD = frozenset({"eta_s", "error_id", "token", "code", "age_h"})
"""What differs from run to run by its nature."""
BLOBS = [nightcodec.pack_night(make_night(day, seed=i)) for i, day in enumerate(DAYS)]


class Script:
    """Plays random steps from a seed and writes down what each answered, with ids called by the order in which they came."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.names: dict[str, str] = {}
        self.ended = False
        self.told: list[str] = []
        self.patients = [make_account(email=f"p{i}@example.org") for i in range(3)]
        self.doctors = [make_account(Role.DOCTOR, email=f"d{i}@example.org") for i in range(2)]
        self.admin = make_account(Role.ADMIN, email="admin@example.org")
        self.visitor = Actor("v-" + "7" * 32, Role.VISITOR)
        self.everybody = [*self.patients, *self.doctors, self.admin, self.visitor]
        for actor in self.everybody:
            self.name(actor.id)
        self.claims: list[jobs.Claim] = []
        self.kept: dict[str, list[str]] = {}
        self.step = 0

    def name(self, found: str) -> str:
        if self.ended:
            return self.names.get(found, "<an id>")
        return self.names.setdefault(found, f"<{len(self.names)}>")

    def tell(self, value: object) -> object:
        """Return an answer as plain values that are the same in every run."""
        if is_dataclass(value) and not isinstance(value, type):
            return {field.name: self.tell(getattr(value, field.name)) for field in fields(value) if field.name not in UNTOLD}
        if isinstance(value, datetime):
            return "a time"
        if isinstance(value, np.ndarray):
            return hashlib.sha256(value.tobytes()).hexdigest()
        if isinstance(value, (tuple, list)):
            return [self.tell(one) for one in value]
        if isinstance(value, (set, frozenset)):
            return sorted(str(self.tell(one)) for one in value)
        return ID.sub(lambda found: self.name(found.group()), value) if isinstance(value, str) else repr(value)

    def anybody(self) -> Actor:
        return self.chance.choice(self.everybody)

    def patient(self) -> Actor:
        return self.chance.choice(self.patients)

    def doctor(self) -> Actor:
        return self.chance.choice(self.doctors)

    def named(self) -> str:
        return self.chance.choice(WORDS[:7])

    def day(self) -> date:
        return self.chance.choice(DAYS)

    def word(self) -> str:
        return self.chance.choice(WORDS)

    def keep(self, kind: str, value: str | None) -> str | None:
        if value:
            self.kept.setdefault(kind, []).append(value)
        return value

    def one_of(self, kind: str) -> str:
        return self.chance.choice(self.kept.get(kind) or ["nothing"])

    def terms(self) -> Terms:
        return Terms(
            self.chance.choice(("nights", "reports")), None, self.chance.choice((None, self.day())), days=self.chance.randint(1, 90)
        )

    def play(self, steps: int) -> None:
        """Play that many steps, then write down what everybody sees."""
        every: list[Callable[[], object]] = [getattr(self, name) for name in sorted(vars(Script)) if name.startswith("do_")]
        every += [self.do_keep_a_night, self.do_read_a_night, self.do_list_nights, self.do_take] * 2
        for self.step in range(steps):
            do = self.chance.choice(every)
            try:
                said = self.tell(do())
            except RefusalError as refusal:
                said = f"refused: {refusal.text.msgid}"
                session().rollback()
            self.told.append(f"{self.step} {do.__name__}: {json.dumps(said, ensure_ascii=False)}")
            session().commit()
        self.told += [f"{look.__name__} {self.tell(who.id)}: {self.tell(look(who))}" for who in self.everybody for look in LOOKS]
        self.told.append(str(self.tell(audit.verify())))
        self.ended = True

    def do_say_who_they_are(self) -> object:
        height = self.chance.choice((None, 171.5, 180.0))
        return persons.save_profile(self.patient(), Profile(name=self.named(), birth_date=date(1980, 2, 29), height_cm=height))

    def do_say_what_they_have(self) -> object:
        return persons.save_history(self.patient(), MedicalHistory((MedicalEntry("diagnosis", self.named()),)))

    def do_choose(self) -> object:
        return persons.save_settings(self.patient(), PersonSettings(clock=self.chance.choice((12, 24))))

    def do_keep_a_night(self) -> object:
        who, i = self.anybody(), self.chance.randrange(len(DAYS))
        found = nights.put_night(who.id, BLOBS[i], kept=Kept(DAYS[i], f"{self.chance.randint(0, 3)}"))
        return self.keep("night", found)

    def do_delete_a_night(self) -> object:
        return nights.delete_night(self.anybody(), self.one_of("night"))

    def do_read_a_night(self) -> object:
        return nights.load_night(self.anybody(), self.one_of("night"))

    def do_list_nights(self) -> object:
        return nights.list_nights(self.anybody(), self.anybody().id)

    def do_share(self) -> object:
        return invitations.share_with_address(self.patient(), f"D{self.chance.randint(0, 2)}@Example.org", terms=self.terms())

    def do_invite(self) -> object:
        return self.keep("code", invitations.invite(self.patient(), terms=self.terms())) is not None

    def do_redeem(self) -> object:
        return invitations.redeem(self.doctor(), self.one_of("code"))

    def do_withdraw(self) -> object:
        patient = self.patient()
        found = invitations.invitations_of(patient)
        return bool(found) and invitations.withdraw_invitation(patient, self.chance.choice(found).id)

    def do_claim(self) -> object:
        return invitations.claim(self.doctor())

    def do_revoke(self) -> object:
        patient = self.patient()
        found = grants.grants_of(patient)
        return bool(found) and grants.revoke(self.chance.choice((patient, self.doctor())), self.chance.choice(found).id)

    def do_let_a_grant_expire(self) -> object:
        patient = self.patient()
        session().execute(update(GrantRow).where(GrantRow.patient == patient.id).values(expires_at=now() - timedelta(days=1)))
        return grants.grants_of(patient)

    def do_break_the_glass(self) -> object:
        return emergencies.break_glass(self.doctor(), self.patient().id, reason="Found without consciousness")

    def do_ask(self) -> object:
        return sharing_requests.ask_to_share(self.doctor(), f"p{self.chance.randint(0, 3)}@example.org", message=self.word())

    def do_answer(self) -> object:
        patient = self.patient()
        found = sharing_requests.requests_to(patient)
        answer = self.chance.choice((sharing_requests.accept_request, sharing_requests.decline_request))
        return bool(found) and answer(patient, self.chance.choice(found).id)

    def do_consent(self) -> object:
        return self.chance.choice((consents.give, consents.withdraw))(self.patient(), self.chance.choice(("research", "terms")))

    def do_guard(self) -> object:
        return guardians.state_guardianship(self.patient(), f"p{self.chance.randint(0, 2)}@example.org")

    def do_verify_a_guardian(self) -> object:
        found = guardians.statements(self.admin)
        return bool(found) and guardians.verify_guardianship(self.admin, self.chance.choice(found).id)

    def do_bring_a_file(self) -> object:
        who = self.anybody()
        found = self.keep("upload", recordings.add_upload(who, self.word(), size=self.chance.randint(0, 2**40)))
        if found and self.chance.random() < 0.7:
            recordings.mark_ready(who, found, sha256=self.word())
        return found

    def do_remove_a_file(self) -> object:
        return recordings.remove_upload(self.anybody(), self.one_of("upload"))

    def do_queue(self) -> object:
        who, night = self.anybody(), self.chance.choice((None, *DAYS))
        files = tuple(upload.id for upload in recordings.list_uploads(who)[:2])
        return self.keep("job", jobs.add_job(who, jobs.Order(who.id, files, night, Choices(), f"{self.chance.randint(0, 5)}")))

    def do_take(self) -> object:
        claim = jobs.claim_next()
        self.claims += [claim] if claim else []
        return claim

    def do_beat(self) -> object:
        return [jobs.beat(claim, stage="stage", fraction=0.5) for claim in self.claims]

    def do_end_a_job(self) -> object:
        if not self.claims:
            return None
        claim = self.claims.pop(self.chance.randrange(len(self.claims)))
        kind = self.chance.randrange(3)
        if kind == 0:
            return jobs.finish(claim, BLOBS[0], kept=Kept(claim.night or DAYS[0], claim.fingerprint))
        return jobs.fail(claim, Text("No room.")) if kind == 1 else jobs.give_back(claim)

    def do_lose_a_worker(self) -> object:
        session().execute(update(JobRow).where(JobRow.state == "running").values(heartbeat_at=now() - timedelta(minutes=1)))
        return jobs.jobs_of(self.anybody())

    def do_cancel(self) -> object:
        return jobs.cancel(self.anybody(), self.one_of("job"))

    def do_sweep(self) -> object:
        recordings.release_done()
        return nights.purge_expired(now()), recordings.purge_uploads(now()), people.purge_visitors(now() + timedelta(days=9))

    def do_hang_a_display(self) -> object:
        doctor = self.doctor()
        pairing = kiosks.start_pairing(doctor, self.named())
        token = kiosks.pair(pairing.code)
        kiosks.add_bed(doctor, pairing.kiosk, patient=self.patient().id, alias="bed 1")
        actor = kiosks.kiosk_actor(token or "")
        return actor is not None and kiosks.board(actor)

    def do_log_in(self) -> object:
        who = self.chance.choice((*self.patients, *self.doctors))
        token = self.keep("session", sessions.begin_session(who.id, self.word()))
        return [(browser.agent, browser.asks) for browser in sessions.sessions_of(who, token or "")]

    def do_log_out(self) -> object:
        token = self.one_of("session")
        sessions.end_session(token)
        return sessions.actor_of_session(token), sessions.end_sessions(self.patient().id)

    def do_refresh(self) -> object:
        first = tokens.begin_family(self.patient().id, client="app", scope="read")
        again = tokens.rotate(first.token, client="app")
        return again is not None, tokens.rotate(first.token, client="app"), again and tokens.rotate(again.token, client="app")

    def do_try(self) -> object:
        return tries.acquire(f"door {self.chance.randint(0, 3)}", 5, seconds=900), tries.counted("door 1")[0]

    def do_read_notices(self) -> object:
        return notices.mark_read(self.anybody())

    def do_disable(self) -> object:
        return accounts.set_active(self.admin, self.doctor().id, active=self.chance.random() < 0.7)

    def do_leave(self) -> object:
        if self.step < 150 or len(self.patients) < 3:
            return None
        gone = self.patients.pop()
        self.everybody.remove(gone)
        return leaving.erase(gone, password_checked=True)


LOOKS: tuple[Callable[[Actor], object], ...] = (
    persons.load_profile,
    persons.load_history,
    persons.load_settings,
    nights.list_nights,
    recordings.list_uploads,
    jobs.jobs_of,
    grants.grants_of,
    grants.patients_of,
    invitations.invitations_of,
    sharing_requests.requests_to,
    sharing_requests.requests_by,
    guardians.guardians_of,
    consents.consents_of,
    consents.history_of,
    notices.list_notices,
    kiosks.list_kiosks,
    accounts.list_accounts,
    audit.entries_about,
)


def rows(script: Script) -> list[str]:
    """Return what stands in the clear in each table, times aside."""
    found = []
    for table in Base.metadata.sorted_tables:
        columns = [column for column in table.c if not isinstance(column.type, LargeBinary) and column.name not in UNCLEAR]
        said = [
            [script.tell(value) for value in row if not isinstance(value, (datetime, bytes))] for row in session().execute(select(*columns))
        ]
        found += sorted(f"{table.name}: {json.dumps(row)}" for row in said)
    return found


UNCLEAR = frozenset({"digest", "key", "code", "token", "fs_uniquifier", "fingerprint", "master", "family"})


def played(environ: dict[str, str], seed: int, steps: int) -> list[str]:
    with create_server(Settings.from_env(environ)).app_context():
        script = Script(seed)
        script.play(steps)
        return script.told + rows(script)


def compare(cluster: Cluster, folder: Path, *, seed: int, steps: int) -> None:
    environs = [
        {"SOMNIA_INSTANCE": str(folder / kind), "SOMNIA_KEY_FILE": str(folder / f"{kind}-keys" / "key")} for kind in ("file", "server")
    ]
    with cluster.migrated() as url:
        here, there = played(environs[0], seed, steps), played(environs[1] | {"SOMNIA_DATABASE_URL": url}, seed, steps)
    for mine, theirs in zip(here, there, strict=True):
        assert mine == theirs
    assert len({line.split()[1] for line in here[:steps]}) > min(30, steps / 10)


@pytest.mark.parametrize("seed", [1, 2])
def test_both_databases_give_the_same_answers(cluster: Cluster, tmp_path: Path, seed: int):
    compare(cluster, tmp_path, seed=seed, steps=250)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 20))
def test_both_databases_give_the_same_answers_for_thousands_of_steps(cluster: Cluster, tmp_path: Path, seed: int):
    compare(cluster, tmp_path, seed=seed, steps=1000)
