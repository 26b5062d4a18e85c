import base64
import hashlib
import os
import tracemalloc
from datetime import timedelta

import pytest

from somnia_server import create_server
from somnia_server.store import recordings
from somnia_server.store.accounts import find_account
from somnia_server.store.actors import Actor, Role
from somnia_server.store.consents import PRIVACY, TERMS, give, withdraw
from somnia_server.store.house import now
from somnia_server.store.persons import Profile, save_profile
from somnia_server.store.tables import GuardianRow, session
from somnia_server.work import arriving
from tests.server.access.people import EMAIL, Person
from tests.server.conftest import TUS, Visitor, make_account

OFFSET = {**TUS, "Content-Type": "application/offset+octet-stream"}


def test_more_than_may_wait_is_refused_and_the_limit_named(app, visitor, monkeypatch):
    monkeypatch.setattr(recordings, "MOST_FILES", 3)
    for _ in range(3):
        visitor.create(10)
    answer = visitor.client.post("/upload/tus", headers={**TUS, "Upload-Length": "10"})
    assert (answer.status_code, answer.json["error"]["message"]) == (
        413,
        "3 of your files wait here, and no more may. Analyze them, or remove some.",
    )


def test_bytes_that_wait_are_counted_together_and_each_person_by_themselves(app, settings, visitor, stranger):
    half = settings.visitor_upload_bytes * recordings.MOST_WAITING // 8
    for _ in range(8):
        visitor.create(half)
    answer = visitor.client.post("/upload/tus", headers={**TUS, "Upload-Length": str(1 << 20)})
    assert answer.status_code == 413
    assert f"more than {8 * half >> 20} MB" in answer.json["error"]["message"]
    stranger.create(half)


def about(subject: str) -> dict[str, str]:
    said = base64.b64encode(subject.encode()).decode()
    return {**TUS, "Upload-Length": "10", "Upload-Metadata": f"filename bmlnaHQuY3N2, subject {said}"}


def guarded(app):
    """Return a guardian who is logged in, and their ward."""
    ann = Person(app)
    ann.register()
    with app.app_context():
        guardian, minor = Actor(find_account(EMAIL).id, Role.USER), make_account(email="minor@example.org")
        save_profile(minor, Profile(name="Kim", birth_date=now().date() - timedelta(days=365 * 12)))
        session().add(GuardianRow(id="0" * 32, guardian=guardian.id, minor=minor.id, stated_at=now(), verified_at=now(), verified_by="u-x"))
        session().commit()
    return ann, guardian, minor


def test_it_is_asked_whether_whose_file_it_is_agreed_not_whoever_brings_it(app):
    ann, guardian, minor = guarded(app)
    answer = ann.client.post("/upload/tus", headers=about(minor.id), **ann.extra)
    assert (answer.status_code, "under 18" in answer.json["error"]["message"]) == (403, True)
    with app.app_context():
        for kind in (TERMS, PRIVACY):
            assert give(guardian, kind, subject=minor.id)
    answer = ann.client.post("/upload/tus", headers=about(minor.id), **ann.extra)
    assert answer.status_code == 201
    with app.app_context():
        assert [upload.owner for upload in recordings.list_uploads(guardian, minor.id)] == [minor.id]
        assert withdraw(guardian, PRIVACY, subject=minor.id)
    piece = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert ann.client.patch(answer.headers["Location"], data=b"0123456789", headers=piece, **ann.extra).status_code == 403


def test_a_stranger_brings_nothing_for_somebody_and_learns_nothing_of_them(app):
    ann, _, minor = guarded(app)
    with app.app_context():
        session().get_one(GuardianRow, "0" * 32).ended_at = now()
        session().commit()
    for subject in (minor.id, "u-" + "0" * 32):
        assert ann.client.post("/upload/tus", headers=about(subject), **ann.extra).status_code == 404


def stored(app, actor, upload_id):
    with app.app_context():
        return b"".join(recordings.stream(recordings.find_upload(actor, upload_id)))


def test_a_file_arrives_whole_with_its_name_and_digest(app, visitor):
    data = os.urandom(700_001)
    upload_id = visitor.upload(data, "my night.csv")
    with app.app_context():
        (upload,) = recordings.list_uploads(visitor.actor)
    assert (upload.id, upload.name, upload.size, upload.received, upload.state) == (
        upload_id,
        "my night.csv",
        len(data),
        len(data),
        "ready",
    )
    assert upload.sha256 == hashlib.sha256(data).hexdigest()
    assert stored(app, visitor.actor, upload_id) == data


def test_an_interrupted_file_goes_on_where_it_stopped(app, visitor):
    data = os.urandom(300_000)
    url = visitor.create(len(data))
    assert visitor.patch(url, data[:123_456], 0).headers["Upload-Offset"] == "123456"
    head = visitor.client.head(url, headers=TUS)
    assert (head.status_code, head.headers["Upload-Offset"], head.headers["Upload-Length"]) == (200, "123456", "300000")
    assert visitor.patch(url, data[123_456:], 123_456).status_code == 204
    assert stored(app, visitor.actor, url.rsplit("/", 1)[-1]) == data


def test_an_upload_survives_a_restart_of_the_server(app, visitor, settings):
    data = os.urandom(300_000)
    url = visitor.create(len(data))
    visitor.patch(url, data[:100_000], 0)
    cookie = visitor.client.get_cookie("somnia_visitor").value
    arriving._digests.clear()
    again = Visitor(create_server(settings))
    again.client.set_cookie("somnia_visitor", cookie)
    assert again.client.head(url, headers=TUS).headers["Upload-Offset"] == "100000"
    assert again.patch(url, data[100_000:], 100_000).status_code == 204
    with app.app_context():
        assert recordings.list_uploads(visitor.actor)[0].sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("finished", [True, False])
def test_a_server_that_died_after_the_last_byte_completes_the_file_when_asked(app, visitor, finished):
    data = os.urandom(5000)
    url = visitor.create(len(data))
    upload_id = url.rsplit("/", 1)[-1]
    with app.app_context(), recordings.open_writer(recordings.find_upload(visitor.actor, upload_id)) as writer:
        writer.write(data)
        if finished:
            writer.finish()
    assert visitor.client.head(url, headers=TUS).headers["Upload-Offset"] == "5000"
    with app.app_context():
        (upload,) = recordings.list_uploads(visitor.actor)
    assert (upload.state, upload.sha256) == ("ready", hashlib.sha256(data).hexdigest())
    assert stored(app, visitor.actor, upload_id) == data


def test_a_wrong_offset_is_a_conflict_that_names_the_right_one(visitor):
    url = visitor.create(10)
    visitor.patch(url, b"12345", 0)
    for offset in (0, 4, 6, 99):
        answer = visitor.patch(url, b"x", offset)
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "5")


def test_the_end_may_be_sent_twice(visitor):
    url = visitor.create(5)
    visitor.patch(url, b"12345", 0)
    assert visitor.patch(url, b"", 5).status_code == 204
    assert visitor.patch(url, b"12345", 0).status_code == 409


def test_another_visitor_finds_nothing(visitor, stranger):
    url = visitor.create(10)
    assert stranger.client.head(url, headers=TUS).status_code == 404
    assert stranger.patch(url, b"x", 0).status_code == 404
    assert stranger.client.delete(url, headers=TUS).status_code == 404
    assert visitor.client.head(url, headers=TUS).status_code == 200


def test_a_deleted_upload_leaves_nothing(app, visitor, settings):
    url = visitor.create(10)
    visitor.patch(url, b"12345", 0)
    assert len(list(settings.uploads.iterdir())) == 1
    assert visitor.client.delete(url, headers=TUS).status_code == 204
    assert visitor.client.head(url, headers=TUS).status_code == 404
    assert list(settings.uploads.iterdir()) == []


@pytest.mark.parametrize(("size", "status"), [("", 400), ("x", 400), ("-1", 400), ("0", 400), (str(5 << 30), 413)])
def test_an_impossible_length_is_refused_with_a_reason(visitor, size, status):
    answer = visitor.client.post("/upload/tus", headers={**TUS, "Upload-Length": size})
    assert answer.status_code == status
    assert answer.json["error"]["message"]


def test_more_than_was_declared_is_refused(visitor):
    url = visitor.create(5)
    assert visitor.patch(url, b"123456", 0).status_code == 413
    assert visitor.client.head(url, headers=TUS).headers["Upload-Offset"] == "0"


def test_a_full_disk_is_said_and_what_arrived_is_kept(app, visitor):
    import resource

    url = visitor.create(2_000_000)
    visitor.patch(url, b"a" * 1000, 0)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, before[1]))
    try:
        answer = visitor.patch(url, b"b" * 1_999_000, 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert answer.status_code == 507
    assert answer.json["error"]["message"]
    offset = int(visitor.client.head(url, headers=TUS).headers["Upload-Offset"])
    assert 1000 <= offset < 600_000
    assert visitor.patch(url, b"b" * (2_000_000 - offset), offset).status_code == 204
    assert stored(app, visitor.actor, url.rsplit("/", 1)[-1]) == b"a" * 1000 + b"b" * 1_999_000


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\me\\night.csv", "night.csv"),
        ("a\x00b\n.csv", "ab.csv"),
        ("x" * 500 + ".csv", ".csv"),
        ("", "file"),
        ("..", ".."),
    ],
)
def test_a_file_name_is_a_name_only(app, visitor, given, kept):
    visitor.create(5, given)
    with app.app_context():
        name = recordings.list_uploads(visitor.actor)[0].name
    assert name.endswith(kept)
    assert "/" not in name
    assert len(name.encode()) <= 240


def test_who_does_not_speak_tus_is_turned_away(visitor):
    assert visitor.client.post("/upload/tus", headers={"Upload-Length": "5"}).status_code == 412
    assert visitor.client.post("/upload/tus", headers={"Upload-Length": "5", "Tus-Resumable": "0.2"}).status_code == 412


def test_memory_does_not_grow_with_the_file(app, visitor, tmp_path):
    size = 48 << 20
    zeros = tmp_path / "zeros"
    zeros.touch()
    os.truncate(zeros, size)
    url = visitor.create(size)
    with zeros.open("rb") as file:
        tracemalloc.start()
        answer = visitor.client.patch(url, input_stream=file, headers={**OFFSET, "Upload-Offset": "0", "Content-Length": str(size)})
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert answer.headers["Upload-Offset"] == str(size)
    assert peak < 8 << 20


def test_a_demo_file_belongs_to_nobody_and_is_given_to_whoever_asks(app, visitor, settings):
    from somnia_server.work.uploads import add_demo

    folder = settings.demo / "healthy"
    folder.mkdir()
    (folder / "watch.csv").write_bytes(b"time,hr_bpm\n")
    with app.app_context():
        ids = add_demo(visitor.actor, "healthy")
        assert add_demo(visitor.actor, "healthy") == ids
        with pytest.raises(KeyError):
            add_demo(visitor.actor, "../uploads")
        (upload,) = recordings.list_uploads(visitor.actor)
        assert (upload.name, upload.state, upload.demo) == ("watch.csv", "ready", "healthy/watch.csv")
        assert b"".join(recordings.plain_pieces(upload)) == b"time,hr_bpm\n"
        assert recordings.remove_upload(visitor.actor, upload.id)
    assert (folder / "watch.csv").exists()


def test_a_visitor_brings_smaller_files_than_somebody_with_an_account(app, settings):
    visitor = Visitor(app)
    most = min(settings.max_upload_bytes, settings.visitor_upload_bytes)
    answer = visitor.client.post("/upload/tus", headers={**TUS, "Upload-Length": str(most + 1)})
    assert answer.status_code == 413
    assert f"at most {most >> 20} MB" in answer.text
    assert visitor.client.options("/upload/tus", headers=TUS).headers["Tus-Max-Size"] == str(most)
