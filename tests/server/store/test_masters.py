import base64
import os
import socket
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from somnia_server import create_server
from somnia_server.key_settings import KeySettings
from somnia_server.settings import Settings, SettingsError
from somnia_server.store.house import house
from somnia_server.store.keys import MARKER
from somnia_server.store.kms import KmsError
from somnia_server.store.masters import Master, Masters
from somnia_server.store.rotation import rotate
from somnia_server.store.tables import KeyRow, session

A, B = b"a" * 32, b"b" * 32
WORDS = {name: base64.b64encode(key).decode() for name, key in (("A", A), ("B", B))}


def kept_with(settings: Settings) -> bytes:
    with create_server(settings).app_context():
        sealed = house().vault.seal(b"secret", table="t", row="r", owner="a")
        session().commit()
        return sealed


def opens(settings: Settings, sealed: bytes) -> bool:
    with create_server(settings).app_context():
        return house().vault.open_sealed(sealed, table="t", row="r", owner="a") == b"secret"


def rotated(settings: Settings) -> str:
    with create_server(settings).app_context():
        done = rotate()
        row = session().get(KeyRow, MARKER)
        assert row is not None
        assert row.master == done.master
        return done.master


def test_the_first_start_makes_a_private_key_that_stays(settings: Settings):
    first = Masters(settings).chosen()
    assert stat.S_IMODE(settings.key_file.stat().st_mode) == 0o600
    assert settings.key_file.read_bytes() == first.key
    assert Masters(settings).chosen() == first
    assert list(settings.key_file.parent.iterdir()) == [settings.key_file]


def test_a_masters_id_tells_nothing_and_its_key_is_not_printed():
    assert Master(A).id != Master(B).id
    assert "aaaa" not in repr(Master(A))
    assert "aaaa" not in repr(KeySettings(master=A, former=B))


def test_a_master_from_the_environment_needs_no_file(environ: dict[str, str]):
    settings = Settings.from_env(environ | {"SOMNIA_MASTER_KEY": WORDS["A"]})
    assert opens(settings, kept_with(settings))
    assert not settings.key_file.exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SOMNIA_MASTER_KEY": "not base64!"}, "SOMNIA_MASTER_KEY is not base64"),
        ({"SOMNIA_MASTER_KEY": "c2hvcnQ="}, "SOMNIA_MASTER_KEY holds 5 bytes; 32 random bytes"),
        ({"SOMNIA_MASTER_KEY": WORDS["A"], "SOMNIA_MASTER_KEY_FORMER": "c2hvcnQ="}, "SOMNIA_MASTER_KEY_FORMER holds 5"),
        ({"SOMNIA_MASTER_KEY_FORMER": WORDS["A"]}, "only of use beside"),
        ({"SOMNIA_MASTER_KEY": WORDS["A"], "SOMNIA_MASTER_KEY_FORMER": WORDS["A"]}, "is the same as"),
        ({"SOMNIA_MASTER_KEY": WORDS["A"], "SOMNIA_KMS_KEY_ID": "k"}, "are both given"),
        ({"SOMNIA_KMS_ENDPOINT": "https://kms.example"}, "only of use with SOMNIA_KMS_KEY_ID"),
        ({"SOMNIA_KMS_KEY_ID": "k", "SOMNIA_KMS_ENDPOINT": "kms.example"}, "is not an address"),
    ],
)
def test_settings_that_lead_to_no_master_are_refused_and_do_not_show_it(environ: dict[str, str], given: dict[str, str], said: str):
    with pytest.raises(SettingsError, match=said) as refusal:
        Settings.from_env(environ | given)
    assert WORDS["A"] not in str(refusal.value)


def test_off_loopback_a_master_from_the_environment_is_enough(environ: dict[str, str]):
    off = environ | {"SOMNIA_HOST": "192.0.2.1", "SOMNIA_SECRET_KEY": "x" * 32}
    with pytest.raises(SettingsError, match="SOMNIA_KEY_FILE"):
        Settings.from_env(off)
    for given in ({"SOMNIA_MASTER_KEY": WORDS["A"]}, {"SOMNIA_KMS_KEY_ID": "k"}):
        with pytest.raises(SettingsError) as other:
            Settings.from_env(off | given | {"SOMNIA_PORT": "0"})
        assert "SOMNIA_KEY_FILE" not in str(other.value)


def test_a_key_in_the_environment_is_replaced_by_giving_both(environ: dict[str, str]):
    first = Settings.from_env(environ | {"SOMNIA_MASTER_KEY": WORDS["A"]})
    sealed = kept_with(first)
    with create_server(first).app_context(), pytest.raises(SettingsError, match="SOMNIA_MASTER_KEY_FORMER"):
        rotate()
    both = Settings.from_env(environ | {"SOMNIA_MASTER_KEY": WORDS["B"], "SOMNIA_MASTER_KEY_FORMER": WORDS["A"]})
    assert opens(both, sealed)
    assert opens(first, sealed)  # a process with the former settings still finds all it needs
    assert rotated(both) == Master(B).id
    assert opens(Settings.from_env(environ | {"SOMNIA_MASTER_KEY": WORDS["B"]}), sealed)
    with pytest.raises(SettingsError, match="not the one"):
        create_server(first)


def test_a_key_file_can_give_way_to_the_environment(settings: Settings, environ: dict[str, str]):
    sealed = kept_with(settings)
    moved = Settings.from_env(environ | {"SOMNIA_MASTER_KEY": WORDS["A"]})
    assert opens(moved, sealed)
    assert rotated(moved) == Master(A).id
    settings.key_file.unlink()
    assert opens(moved, sealed)


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, service: str) -> str:
    for name, value in (("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_DEFAULT_REGION", "ap-south-1")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return service


def kms_key(address: str) -> str:
    made: str = boto3.client("kms", endpoint_url=address).create_key()["KeyMetadata"]["Arn"]
    return made


@pytest.fixture
def with_kms(environ: dict[str, str], aws: str) -> Settings:
    return Settings.from_env(environ | {"SOMNIA_KMS_KEY_ID": kms_key(aws), "SOMNIA_KMS_ENDPOINT": aws})


def test_a_key_service_opens_the_master_that_lies_wrapped_outside_the_instance(with_kms: Settings):
    sealed = kept_with(with_kms)
    assert opens(with_kms, sealed)
    assert not with_kms.key_file.exists()
    kept = with_kms.kms_file
    assert not kept.is_relative_to(with_kms.instance)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert Masters(with_kms).chosen().key not in kept.read_bytes()


def test_a_wrapped_master_that_was_changed_is_refused(with_kms: Settings):
    kept_with(with_kms)
    kept = with_kms.kms_file
    kept.write_bytes(kept.read_bytes()[:-1] + b"\x00")
    with pytest.raises(KmsError, match="did not answer decrypt"):
        create_server(with_kms)


def test_a_service_that_is_away_or_knows_no_such_key_is_named_in_one_message(with_kms: Settings):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    for keys in (replace(with_kms.keys, kms_endpoint=nowhere), replace(with_kms.keys, kms_key_id="no-such-key")):
        with pytest.raises(SettingsError, match="SOMNIA_KMS_KEY_ID"):
            Masters(replace(with_kms, keys=keys)).chosen()


def test_rotating_with_a_key_service_makes_a_new_wrapped_master(with_kms: Settings):
    sealed = kept_with(with_kms)
    before, kept = Masters(with_kms).chosen(), with_kms.kms_file.read_bytes()
    assert rotated(with_kms) == Masters(with_kms).chosen().id != before.id
    assert with_kms.kms_file.read_bytes() != kept
    assert opens(with_kms, sealed)


def test_another_key_of_the_service_takes_over_at_the_next_rotation(with_kms: Settings, aws: str):
    sealed = kept_with(with_kms)
    moved = replace(with_kms, keys=replace(with_kms.keys, kms_key_id=kms_key(aws)))
    assert opens(moved, sealed)
    rotated(moved)
    assert opens(moved, sealed)


def test_a_key_file_can_give_way_to_a_key_service(settings: Settings, with_kms: Settings):
    sealed = kept_with(settings)
    assert opens(with_kms, sealed)
    rotated(with_kms)
    settings.key_file.unlink()
    assert opens(with_kms, sealed)


def test_retired_masters_are_found_by_their_id(settings: Settings):
    kept_with(settings)
    first = Masters(settings).chosen()
    second = rotated(settings)
    masters = Masters(settings)
    assert masters.chosen().id == second
    assert masters.find(first.id) == first
    assert masters.find("0" * 32) is None
    (retired,) = settings.key_file.parent.glob("master.key.retired-*")
    assert stat.S_IMODE(retired.stat().st_mode) == 0o600
    assert not Path(f"{settings.key_file}.next").exists()


def test_only_one_of_many_first_starts_makes_the_key(settings: Settings):
    children = []
    for _ in range(4):
        child = os.fork()
        if not child:
            Masters(settings).chosen()
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    assert [path.name for path in settings.key_file.parent.iterdir()] == ["master.key"]
