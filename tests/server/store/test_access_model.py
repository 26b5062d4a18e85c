"""Random people grant, revoke, expire, leave and read; a model of a few lines says what each may see, and the stores must agree."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete, select, update

from somnia_server.access import Action, may
from somnia_server.store import nightcodec
from somnia_server.store.actors import Actor, Role
from somnia_server.store.emergencies import break_glass
from somnia_server.store.grants import CONSENT, EMERGENCY, Terms, grants_of, patients_of, revoke
from somnia_server.store.guardians import end_guardianship, state_guardianship, verify_guardianship, wards_of
from somnia_server.store.house import now
from somnia_server.store.invitations import invite, redeem, share_with_address
from somnia_server.store.kiosks import add_bed, board, kiosk_actor, pair, start_pairing
from somnia_server.store.nights import Kept, list_nights, load_night, put_night
from somnia_server.store.persons import Profile, save_profile
from somnia_server.store.reach import NIGHTS, REPORTS, reads_nights
from somnia_server.store.sharing_requests import accept_request, ask_to_share, requests_to
from somnia_server.store.tables import GrantRow, NightRow, TryRow, UserRow, session
from tests import reports
from tests.server.conftest import make_account, make_night
from tests.server.databases import kind_of

DAYS = tuple(date(2025, 1, day) for day in (9, 10, 11))
PATIENTS, DOCTORS = st.integers(0, 1), st.integers(0, 2)
EVERYBODY = st.integers(0, 6)
TERMS = st.builds(
    Terms,
    scope=st.sampled_from((NIGHTS, NIGHTS, REPORTS)),
    first_night=st.none() | st.just(DAYS[1]),
    last_night=st.none() | st.just(DAYS[1]),
    may_upload=st.booleans(),
    days=st.integers(1, 730),
)


@dataclass
class Known:
    """What the model remembers of a grant."""

    patient: int
    doctor: int
    terms: Terms
    kind: str = CONSENT
    alive: bool = True


class Access(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.patients = [make_account(), make_account()]
        self.doctors = [make_account(Role.DOCTOR) for _ in range(3)]
        self.guardian, self.admin = make_account(), make_account(Role.ADMIN)
        self.everybody = [*self.patients, *self.doctors, self.guardian, self.admin]
        save_profile(self.guardian, Profile(birth_date=date(1980, 1, 1)))
        save_profile(self.patients[0], Profile(birth_date=now().date() - timedelta(days=3650)))
        blobs = nightcodec.pack_night(make_night(DAYS[0]))
        self.nights = {(p, day): put_night(who.id, blobs, kept=Kept(day, str(day))) for p, who in enumerate(self.patients) for day in DAYS}
        session().commit()
        self.kiosks = [kiosk_actor(pair(start_pairing(doctor, "Ward").code) or "") for doctor in self.doctors]
        self.works = [True] * 3
        self.beds: set[tuple[int, int]] = set()
        self.grants: dict[str, Known] = {}
        self.guards = False

    def opened(self, doctor: int, patient: int) -> list[Known]:
        known = self.grants.values() if self.works[doctor] else ()
        return [grant for grant in known if grant.alive and (grant.doctor, grant.patient) == (doctor, patient)]

    def sees(self, actor: Actor, patient: int, day: date) -> bool:
        if actor is self.patients[patient] or (actor is self.guardian and patient == 0 and self.guards):
            return True
        return actor in self.doctors and any(covers(grant.terms, day) for grant in self.opened(self.doctors.index(actor), patient))

    def remember(self, patient: int, doctor: int, terms: Terms, kind: str = CONSENT) -> None:
        (made,) = {grant.id for grant in grants_of(self.patients[patient])} - set(self.grants)
        for grant in self.grants.values():
            if kind == grant.kind == CONSENT and (grant.patient, grant.doctor) == (patient, doctor):
                grant.alive = False
        self.grants[made] = Known(patient, doctor, terms, kind)
        session().execute(delete(TryRow))  # as if a quarter of an hour had passed
        session().commit()

    @rule(patient=PATIENTS, doctor=DOCTORS, terms=TERMS, how=st.sampled_from(("address", "code", "request")))
    def share(self, patient: int, doctor: int, terms: Terms, how: str) -> None:
        me, them = self.patients[patient], self.doctors[doctor]
        if not self.works[doctor]:
            return
        if how == "address":
            assert share_with_address(me, f"{them.id}@example.org", terms=terms)
        elif how == "code":
            assert redeem(them, invite(me, terms=terms) or "") == me.id
        else:
            ask_to_share(them, f"{me.id}@example.org")
            asked = next(request for request in requests_to(me) if request.doctor == them.id)
            assert accept_request(me, asked.id, terms=terms)
        self.remember(patient, doctor, terms)

    @rule(patient=PATIENTS, doctor=DOCTORS)
    def emergency(self, patient: int, doctor: int) -> None:
        if self.works[doctor]:
            break_glass(self.doctors[doctor], self.patients[patient].id, reason="somebody is very unwell")
            self.remember(patient, doctor, Terms(), EMERGENCY)

    @precondition(lambda self: self.grants)
    @rule(data=st.data(), who=EVERYBODY)
    def end(self, data: st.DataObject, who: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.grants)))
        actor, grant = self.everybody[who], self.grants[name]
        sides = (self.patients[grant.patient], self.doctors[grant.doctor])
        side = actor in sides or (actor is self.guardian and self.guards and grant.patient == 0)
        done = revoke(actor, name)
        assert side or not done
        assert done or not (side and grant.alive)
        grant.alive = grant.alive and not done

    @precondition(lambda self: self.grants)
    @rule(data=st.data())
    def expire(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.grants)))
        session().execute(update(GrantRow).where(GrantRow.id == name).values(expires_at=now()))
        session().commit()
        self.grants[name].alive = False

    @rule(doctor=DOCTORS)
    def leave_or_return(self, doctor: int) -> None:
        self.works[doctor] = not self.works[doctor]
        session().execute(update(UserRow).where(UserRow.id == self.doctors[doctor].id).values(active=self.works[doctor]))
        session().commit()

    @rule()
    def guard_or_let_go(self) -> None:
        if self.guards:
            assert end_guardianship(self.guardian, wards_of(self.guardian)[0].id)
        else:
            state_guardianship(self.guardian, f"{self.patients[0].id}@example.org")
            assert verify_guardianship(self.admin, wards_of(self.guardian)[0].id)
            session().execute(delete(TryRow))
            session().commit()
        self.guards = not self.guards

    @rule(patient=PATIENTS, doctor=DOCTORS)
    def hang(self, patient: int, doctor: int) -> None:
        kiosk = self.kiosks[doctor]
        shares = any(grant.terms.scope == NIGHTS for grant in self.opened(doctor, patient))
        assert add_bed(self.doctors[doctor], kiosk.id, patient=self.patients[patient].id, alias=str(patient)) == shares
        if shares:
            self.beds.add((doctor, patient))

    @rule(who=EVERYBODY, patient=PATIENTS, day=st.sampled_from(DAYS))
    def read_night(self, who: int, patient: int, day: date) -> None:
        actor = self.everybody[who]
        assert (load_night(actor, self.nights[patient, day]) is not None) == self.sees(actor, patient, day)

    @rule(who=EVERYBODY, patient=PATIENTS)
    def read_list(self, who: int, patient: int) -> None:
        actor, owner = self.everybody[who], self.patients[patient].id
        seen = {day for day in DAYS if self.sees(actor, patient, day)}
        assert {night.night for night in list_nights(actor, owner)} == seen
        assert may(actor, Action.READ_NIGHT, owner) or not seen

    @rule(doctor=DOCTORS)
    def look_around(self, doctor: int) -> None:
        me = self.doctors[doctor]
        sharing = {patient: self.opened(doctor, patient) for patient in (0, 1)}
        assert {found.id for found in patients_of(me)} == {self.patients[patient].id for patient, given in sharing.items() if given}
        for patient, given in sharing.items():
            assert may(me, Action.UPLOAD, self.patients[patient].id) == any(grant.terms.may_upload for grant in given)
            assert may(me, Action.READ_REPORT, self.patients[patient].id) == bool(given)
        lit = {bed.alias for bed in board(self.kiosks[doctor]) if not bed.dark}
        hung = {patient for at, patient in self.beds if at == doctor}
        assert lit == {str(patient) for patient in hung if any(self.sees(me, patient, day) for day in DAYS)}

    @invariant()
    def reach_is_as_the_model_says(self) -> None:
        owners = {who.id: patient for patient, who in enumerate(self.patients)}
        for actor in self.everybody:
            rows = session().execute(select(NightRow.owner, NightRow.night).where(NightRow.owner.in_(owners), reads_nights(actor)))
            expected = {(patient, day) for patient, day in self.nights if self.sees(actor, patient, day)}
            assert {(owners[row.owner], row.night) for row in rows} == expected

    def teardown(self) -> None:
        for who in range(len(self.everybody)):
            for patient in range(len(self.patients)):
                self.read_list(who, patient)
        for doctor in range(len(self.doctors)):
            self.look_around(doctor)


def covers(terms: Terms, day: date) -> bool:
    return terms.scope == NIGHTS and (terms.first_night or day) <= day <= (terms.last_night or day)


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("examples", [6, pytest.param(500, marks=pytest.mark.slow)])
def test_the_stores_never_disagree_with_the_model(environ: dict[str, str], examples: int):
    much = effort(max_examples=examples, stateful_step_count=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Access, settings=much)
    if examples == 500:
        found = {"histories of grants, requests, looks and revocations": "500", "steps of each": "20", "answers unlike the model's": "0"}
        reports.keep(f"r4-access-{kind_of(environ)}", f"Who may read what, against a model (R1, R4, {kind_of(environ)})", found=found)
