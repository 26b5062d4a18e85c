import io
import zipfile
from datetime import date

import pytest

from somnia_server.api.profile import ProfileBody, SettingsBody
from somnia_server.store.accounts import account_of
from somnia_server.store.actors import Role
from somnia_server.store.nights import Kept, list_nights, save_night
from somnia_server.store.persons import PersonSettings, Profile
from tests.server.api.conftest import PASSWORD
from tests.server.conftest import make_night

PROFILE, SETTINGS = "/api/v1/user/profile", "/api/v1/user/settings"


def test_the_bodies_name_every_field_that_is_kept():
    assert set(ProfileBody.model_fields) == set(Profile.__dataclass_fields__)
    assert set(SettingsBody.model_fields) == set(PersonSettings.__dataclass_fields__)


def test_a_profile_is_kept_as_it_was_sent(program):
    ann = program()
    said = {"name": "Ann Example", "birth_date": "1980-05-04", "sex": "female", "height_cm": 170.0, "zone": "Asia/Kolkata", "infant": False}
    assert ann.put(PROFILE, json=said).status_code == 200
    kept = ann.get(PROFILE).get_json()
    assert {name: kept[name] for name in said} == said
    assert kept["weight_kg"] is None


@pytest.mark.parametrize(
    "said",
    [{"sex": "x"}, {"birth_date": "yesterday"}, {"birth_date": "2999-01-01"}, {"height_cm": -1}, {"zone": "Mars/Base"}, {"shoe": 44}],
)
def test_what_cannot_be_kept_is_refused_with_a_reason(program, said):
    answer = program().put(PROFILE, json=said)
    assert answer.status_code == 422
    assert answer.get_json()["error"]["message"]


def test_settings_are_kept_as_they_were_sent(program):
    ann = program()
    said = {"units": "imperial", "clock": 12, "night_split_h": 18, "raw_retention_h": 24.0, "ai_text": False, "email_notices": ["night"]}
    said |= {"quiet_notices": ["access"], "full_scale_db": 120.0, "camera_look": "above", "mat_head": "last"}
    said |= {"loud_clips": True}
    assert ann.put(SETTINGS, json=said).get_json() == said
    assert ann.get(SETTINGS).get_json() == said
    assert ann.put(SETTINGS, json=said | {"night_split_h": 24}).status_code == 422


def test_ones_own_nights_are_read_and_another_persons_are_not_there(program, app):
    ann, bob = program(), program("bob@example.org")
    with app.app_context():
        night_id = save_night(ann.actor.id, make_night(), kept=Kept(date(2025, 1, 10), "f"))
    (listed,) = ann.get("/api/v1/nights").get_json()["nights"]
    assert (listed["id"], listed["tst_min"]) == (night_id, 400.5)
    assert ann.get(f"/api/v1/nights/{night_id}").get_json()["statistics"]["tst_min"] == 400.5
    assert bob.get(f"/api/v1/nights/{night_id}").status_code == 404
    assert bob.get("/api/v1/nights").get_json() == {"nights": [], "next": None}


def test_everything_comes_as_one_archive(program, app):
    ann = program()
    with app.app_context():
        save_night(ann.actor.id, make_night(), kept=Kept(date(2025, 1, 10), "f"))
    answer = ann.get("/api/v1/user/export")
    assert answer.status_code == 200
    names = zipfile.ZipFile(io.BytesIO(answer.get_data())).namelist()
    assert "manifest.json" in names
    assert any(name.endswith("profile.json") for name in names)


def test_who_erases_everything_is_gone_with_it(program, app):
    ann = program()
    program("root@example.org", Role.ADMIN)
    with app.app_context():
        save_night(ann.actor.id, make_night(), kept=Kept(date(2025, 1, 10), "f"))
    assert ann.client.delete("/api/v1/user", json={"password": "wrong"}, headers=ann.headers()).status_code == 403
    assert ann.client.delete("/api/v1/user", json={"password": PASSWORD}, headers=ann.headers()).status_code == 204
    assert ann.get(PROFILE).status_code == 401
    with app.app_context():
        assert account_of(ann.actor.id) is None
        assert list_nights(ann.actor) == ()


OPEN_TO_ALL = {
    ("/api/v1/demo-analysis", "get"),
    ("/api/v1/devices", "post"),
    ("/api/v1/disorders", "get"),
    ("/api/v1/health", "get"),
    ("/api/v1/packets", "post"),
    ("/api/v1/team", "get"),
}
"""What asks for no token: a device proves itself by its one-time code, a packet by its seal."""


def test_the_document_describes_the_api_and_nothing_else(program):
    document = program().get("/api/openapi.json", bearer=None).get_json()
    assert document["openapi"].startswith("3.1")
    assert all(path.startswith(("/api/", "/auth/")) for path in document["paths"])
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert "default" in operation["responses"], path
            opened = not path.startswith("/api/v1/") or (path, method) in OPEN_TO_ALL
            assert ("security" in operation) is not opened, (path, method)


def test_every_refusal_has_the_one_shape(program):
    ann = program()
    asked = [
        ann.get("/api/nothing"),
        ann.get(PROFILE, bearer=None),
        ann.get(PROFILE, bearer="x.y.z"),
        ann.post(PROFILE),
        ann.put(PROFILE, data="{", content_type="application/json"),
        ann.put(PROFILE, data="[" * 100_000, content_type="application/json"),
        ann.put(PROFILE, json={"name": 7}),
        ann.get("/api/v1/nights/unknown"),
        ann.put(PROFILE, data="x" * (17 << 20), content_type="application/json"),
    ]
    assert [answer.status_code for answer in asked] == [404, 401, 401, 405, 400, 400, 422, 404, 413]
    for answer in asked:
        said = answer.get_json()
        assert set(said) == {"error"}
        assert {"status", "code", "message"} <= set(said["error"]) <= {"status", "code", "message", "fields", "id"}
        assert said["error"]["status"] == answer.status_code
        assert answer.headers["Cache-Control"] == "no-store"
