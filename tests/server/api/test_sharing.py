"""Notes, grants, the worklist and signatures by token: the acts of the pages, for whom the pages let do them."""

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask

from somnia_server.store import audit
from somnia_server.store.actors import Role
from somnia_server.store.nights import Kept, save_night
from somnia_server.store.remarks import load_remark
from tests.server.api.conftest import PASSWORD, Program
from tests.server.api.test_uploads import agree, post
from tests.server.conftest import csv_night, make_night

DAY = date(2025, 1, 10)


class Ward:
    """A patient with a night, two doctors, one of whom may look, and somebody else."""

    def __init__(self, app: Flask, program: Callable[..., Program]) -> None:
        self.ann, self.bob = program("ann@example.org"), program("bob@example.org")
        self.doctor, self.other = program("doctor@example.org", Role.DOCTOR), program("other@example.org", Role.DOCTOR)
        self.root = program("root@example.org", Role.ADMIN)
        with app.app_context():
            self.night = save_night(self.ann.actor.id, make_night(), kept=Kept(DAY, "a"))
        self.path = f"/api/v1/nights/{self.night}"

    def share(self, **terms: object) -> str:
        said = {"email": "doctor@example.org", **terms}
        assert self.ann.post("/api/v1/grants", json=said).status_code == 201
        return str(self.ann.get("/api/v1/grants").get_json()["grants"][0]["id"])


@pytest.fixture
def ward(app: Flask, program: Callable[..., Program]) -> Ward:
    return Ward(app, program)


def test_notes_and_tags_are_kept_read_and_deleted(ward: Ward, app: Flask) -> None:
    said = {"note": "Late coffee.", "tags": ["coffee", "coffee", "travel"]}
    kept = ward.ann.put(f"{ward.path}/notes", json=said).get_json()
    assert kept == {"note": "Late coffee.", "tags": ["coffee", "travel"]} == ward.ann.get(f"{ward.path}/notes").get_json()
    assert ward.ann.post(f"{ward.path}/tags", json={"tag": "noise"}).get_json()["tags"] == ["coffee", "travel", "noise"]
    assert ward.ann.delete(f"{ward.path}/tags/coffee").status_code == 204
    assert ward.ann.delete(f"{ward.path}/tags/coffee").status_code == 404
    with app.app_context():
        assert load_remark(ward.ann.actor, DAY).tags == ("travel", "noise")
    assert ward.ann.put(f"{ward.path}/notes", json={"note": "x" * 4001}).status_code == 422
    assert ward.ann.delete(f"{ward.path}/notes").status_code == 204
    assert ward.ann.get(f"{ward.path}/notes").get_json() == {"note": "", "tags": []}


def test_notes_are_read_by_whom_the_night_is_open_to_and_changed_by_nobody_else(ward: Ward) -> None:
    ward.ann.put(f"{ward.path}/notes", json={"note": "Mine."})
    ward.share()
    assert ward.doctor.get(f"{ward.path}/notes").get_json()["note"] == "Mine."
    assert ward.doctor.put(f"{ward.path}/notes", json={"note": "x"}).status_code == 403
    for one in (ward.other, ward.bob, ward.root):
        assert one.get(f"{ward.path}/notes").status_code == one.put(f"{ward.path}/notes", json={}).status_code == 404
        assert one.post(f"{ward.path}/tags", json={"tag": "x"}).status_code == one.delete(f"{ward.path}/notes").status_code == 404
    assert ward.ann.get(f"{ward.path}/notes").get_json()["note"] == "Mine."


def test_a_grant_opens_the_night_until_it_is_revoked(ward: Ward) -> None:
    assert ward.doctor.get(ward.path).status_code == 404
    grant = ward.share(days=30)
    assert ward.doctor.get(ward.path).status_code == 200
    received = ward.doctor.get("/api/v1/grants").get_json()["received"]
    assert [(one["id"], one["terms"]["days"], one["state"]) for one in received] == [(grant, 30, "alive")]
    for one in (ward.bob, ward.other, ward.root):
        assert one.delete(f"/api/v1/grants/{grant}").status_code == 404
        assert one.get("/api/v1/grants", query_string={"subject": ward.ann.actor.id}).get_json()["grants"] == []
    assert ward.ann.delete(f"/api/v1/grants/{grant}").status_code == 204
    assert ward.doctor.get(ward.path).status_code == 404
    assert ward.ann.get("/api/v1/grants").get_json()["grants"][0]["state"] == "revoked"


def test_a_code_is_shown_once_and_an_invitation_can_be_withdrawn(ward: Ward) -> None:
    key = {"headers": ward.ann.headers() | {"Idempotency-Key": "k"}, "json": {"scope": "reports"}}
    first, again = (ward.ann.client.post("/api/v1/grants", **key) for _ in range(2))
    assert first.get_json()["code"]
    assert first.get_json() == again.get_json()
    (waiting,) = ward.ann.get("/api/v1/grants").get_json()["invitations"]
    assert (waiting["state"], waiting["terms"]["scope"], waiting["email"]) == ("waiting", "reports", None)
    assert ward.ann.delete(f"/api/v1/grants/{waiting['id']}").status_code == 204
    assert ward.ann.get("/api/v1/grants").get_json()["invitations"][0]["state"] == "withdrawn"
    assert ward.ann.post("/api/v1/grants", json={"first_night": "2025-02-01", "last_night": "2025-01-01"}).status_code == 422
    assert ward.ann.post("/api/v1/grants", json={"email": "ann@example.org"}).status_code in (201, 422)
    assert ward.ann.post("/api/v1/grants", json={"subject": ward.bob.actor.id}).status_code == 404


def test_the_worklist_is_a_doctors_own(ward: Ward) -> None:
    assert ward.doctor.get("/api/v1/worklist").get_json()["patients"] == []
    ward.share()
    (row,) = ward.doctor.get("/api/v1/worklist").get_json()["patients"]
    assert (row["patient"], row["night_id"], row["reading"], row["nights"]) == (ward.ann.actor.id, ward.night, "new", 1)
    assert ward.other.get("/api/v1/worklist").get_json()["patients"] == []
    for one in (ward.ann, ward.root):
        assert one.get("/api/v1/worklist").status_code == 404


def test_what_is_signed_stays_and_its_person_reads_it(ward: Ward, app: Flask) -> None:
    ward.share()
    said = f"{ward.path}/interpretations"
    assert ward.doctor.post(said, json={"text": "Draft."}).get_json()["interpretations"][0]["state"] == "started"
    assert ward.doctor.post(said, json={"text": "Draft.", "state": "pending"}).get_json()["interpretations"][0]["state"] == "pending"
    assert ward.ann.get(said).get_json()["interpretations"] == []
    (signed,) = ward.doctor.post(said, json={"text": "Seen.", "state": "signed"}).get_json()["interpretations"]
    assert (signed["state"], signed["text"], signed["version"]) == ("signed", "Seen.", 1)
    later = ward.doctor.post(said, json={"text": "More."}).get_json()["interpretations"]
    assert [(one["version"], one["state"], one["text"]) for one in later] == [(2, "started", "More."), (1, "signed", "Seen.")]
    assert [one["text"] for one in ward.ann.get(said).get_json()["interpretations"]] == ["Seen."]
    with app.app_context():
        assert "sign_night" in [entry.action for entry in audit.entries_about(ward.ann.actor)]


def test_nobody_but_a_doctor_who_may_look_signs(ward: Ward) -> None:
    said, body = f"{ward.path}/interpretations", {"text": "x", "state": "signed"}
    assert ward.doctor.post(said, json=body).status_code == 404
    ward.share(scope="reports")
    assert ward.doctor.post(said, json=body).status_code == 404
    assert ward.other.post(said, json=body).status_code == ward.other.get(said).status_code == 404
    for one in (ward.ann, ward.bob, ward.root):
        assert one.post(said, json=body).status_code == 403
    assert ward.ann.get(said).get_json()["interpretations"] == []


def test_a_token_without_the_scope_signs_and_shares_nothing(ward: Ward) -> None:
    ward.share()
    narrow = ward.doctor.post(
        "/auth/login", json={"email": "doctor@example.org", "password": PASSWORD, "scope": "nights:read"}, bearer=None
    )
    bearer = narrow.get_json()["access_token"]
    assert ward.doctor.get(ward.path, bearer=bearer).status_code == 200
    assert ward.doctor.post(f"{ward.path}/interpretations", json={"text": "x", "state": "signed"}, bearer=bearer).status_code == 403
    for path in ("/api/v1/worklist", "/api/v1/grants"):
        assert ward.doctor.get(path, bearer=bearer).status_code == 403


def test_a_doctor_brings_files_for_a_patient_who_lets_them(ward: Ward, app: Flask) -> None:
    agree(app, ward.ann.actor)
    path = f"/api/v1/upload/recording?name=ring.csv&subject={ward.ann.actor.id}"
    ward.share()
    assert post(ward.doctor, path, csv_night()).status_code == 404
    grant = ward.share(may_upload=True)
    upload = post(ward.doctor, path, csv_night()).get_json()
    job = ward.doctor.post("/api/v1/analyze", json={"uploads": [upload["id"]]}).get_json()["jobs"][0]
    asked = {"query_string": {"subject": ward.ann.actor.id}}
    for who, more in ((ward.doctor, asked), (ward.ann, {})):
        assert [one["id"] for one in who.get("/api/v1/uploads", **more).get_json()["uploads"]] == [upload["id"]]
        assert [one["id"] for one in who.get("/api/v1/jobs", **more).get_json()["jobs"]] == [job["id"]]
    for who in (ward.other, ward.bob, ward.root):
        assert who.get("/api/v1/uploads", **asked).get_json()["uploads"] == who.get("/api/v1/jobs", **asked).get_json()["jobs"] == []
    ward.ann.delete(f"/api/v1/grants/{grant}")
    assert ward.doctor.get(upload["href"]).status_code == ward.doctor.get(job["href"]).status_code == 404
