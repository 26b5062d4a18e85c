from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from somnia_server.store.frames import FRAME_BYTES, HEADER_BYTES, LENGTH_BYTES, OVERHEAD, SealedWriter, read_sealed, sealed_size
from somnia_server.store.vault import Place, TamperedError, Vault
from tests.keyring import Keyring

VAULT = Vault(Keyring(b"k" * 32))
HERE = Place("t", "row", "owner")


def seal(text: bytes = b"secret") -> bytes:
    return VAULT.seal(text, table="t", row="row", owner="owner")


@pytest.mark.parametrize("size", [0, 1, 5000])
def test_what_was_sealed_opens_again(size):
    assert VAULT.open_sealed(seal(b"x" * size), table="t", row="row", owner="owner") == b"x" * size


@pytest.mark.parametrize("other", [{"table": "u"}, {"row": "row2"}, {"owner": "owner2"}, {"table": "tr", "row": "ow"}])
def test_a_record_opens_in_its_own_place_only(other):
    with pytest.raises(TamperedError):
        VAULT.open_sealed(seal(), **({"table": "t", "row": "row", "owner": "owner"} | other))


def test_another_key_opens_nothing():
    with pytest.raises(TamperedError):
        Vault(Keyring(b"j" * 32)).open_sealed(seal(), table="t", row="row", owner="owner")


def test_every_flipped_bit_is_caught():
    sealed = seal()
    for i in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[i // 8] ^= 1 << i % 8
        with pytest.raises(TamperedError):
            VAULT.open_sealed(bytes(changed), table="t", row="row", owner="owner")


def test_every_cut_is_caught():
    sealed = seal()
    for size in range(len(sealed)):
        with pytest.raises(TamperedError):
            VAULT.open_sealed(sealed[:size], table="t", row="row", owner="owner")


def test_nothing_is_sealed_the_same_way_twice():
    assert len({seal() for _ in range(2000)}) == 2000


def test_fingerprints_depend_on_the_key_and_on_where_a_part_ends():
    assert VAULT.fingerprint("a", "bc") != VAULT.fingerprint("ab", "c")
    assert VAULT.fingerprint("a") != Vault(Keyring(b"j" * 32)).fingerprint("a")


def write(path: Path, *pieces: bytes, finish: bool = True, place: Place = HERE) -> None:
    with SealedWriter(path, vault=VAULT, place=place) as writer:
        for piece in pieces:
            writer.write(piece)
        if finish:
            writer.finish()


def read(path: Path, place: Place = HERE) -> bytes:
    return b"".join(read_sealed(path, vault=VAULT, place=place))


def frames(data: bytes) -> list[bytes]:
    at, found = HEADER_BYTES, []
    while at < len(data):
        size = LENGTH_BYTES + int.from_bytes(data[at : at + LENGTH_BYTES], "big")
        found.append(data[at : at + size])
        at += size
    return found


@given(pieces=st.lists(st.binary(min_size=1, max_size=3000), max_size=6), cuts=st.integers(0, 4))
@effort(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_stream_written_in_any_pieces_and_sittings_reads_back(tmp_path, pieces, cuts):
    path = tmp_path / "s"
    path.unlink(missing_ok=True)
    for i in range(0, len(pieces), cuts + 1):
        write(path, *pieces[i : i + cuts + 1], finish=False)
    write(path)
    assert read(path) == b"".join(pieces)


def test_a_torn_frame_is_dropped_and_the_stream_goes_on(tmp_path):
    path = tmp_path / "s"
    write(path, b"a" * 1000, b"b" * 1000, finish=False)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 7)
    assert sealed_size(path) == 1000
    write(path, b"c" * 10)
    assert read(path) == b"a" * 1000 + b"c" * 10


def test_an_unfinished_stream_is_not_read(tmp_path):
    write(tmp_path / "s", b"abc", finish=False)
    with pytest.raises(TamperedError, match="ends early"):
        read(tmp_path / "s")


def test_cut_moved_dropped_doubled_and_appended_frames_are_caught(tmp_path):
    path = tmp_path / "s"
    write(path, b"one", b"two", b"three")
    data = path.read_bytes()
    head, parts = data[:HEADER_BYTES], frames(data)
    assert len(parts) == 4
    for order in ([0, 1, 2], [0, 1, 3], [1, 0, 2, 3], [0, 2, 1, 3], [0, 0, 1, 2, 3], [0, 1, 2, 3, 3], [3], [0, 3], []):
        path.write_bytes(head + b"".join(parts[i] for i in order))
        with pytest.raises(TamperedError):
            read(path)


def test_every_flipped_byte_of_a_stream_is_caught(tmp_path):
    path = tmp_path / "s"
    write(path, b"one", b"two")
    data = path.read_bytes()
    for i in range(len(data)):
        path.write_bytes(data[:i] + bytes([data[i] ^ 0x40]) + data[i + 1 :])
        with pytest.raises(TamperedError):
            read(path)


def test_a_stream_of_another_owner_or_row_is_caught(tmp_path):
    write(tmp_path / "s", b"one")
    for place in (Place("t", "row", "other"), Place("t", "other", "owner"), Place("u", "row", "owner")):
        with pytest.raises(TamperedError):
            read(tmp_path / "s", place)


def test_frames_of_two_streams_of_one_place_cannot_be_mixed(tmp_path):
    write(tmp_path / "a", b"one", b"two")
    write(tmp_path / "b", b"uno", b"due")
    a, b = (tmp_path / "a").read_bytes(), (tmp_path / "b").read_bytes()
    (tmp_path / "a").write_bytes(a[:HEADER_BYTES] + frames(a)[0] + frames(b)[1] + frames(a)[2])
    with pytest.raises(TamperedError):
        read(tmp_path / "a")


def test_two_writers_do_not_write_one_stream_at_once(tmp_path):
    with SealedWriter(tmp_path / "s", vault=VAULT, place=HERE), pytest.raises(BlockingIOError):
        SealedWriter(tmp_path / "s", vault=VAULT, place=HERE)


def test_a_piece_has_a_bounded_size(tmp_path):
    with SealedWriter(tmp_path / "s", vault=VAULT, place=HERE) as writer:
        writer.write(b"x" * FRAME_BYTES)
        with pytest.raises(ValueError, match="are allowed"):
            writer.write(b"x" * (FRAME_BYTES + 1))
    assert (tmp_path / "s").stat().st_size == HEADER_BYTES + LENGTH_BYTES + OVERHEAD + FRAME_BYTES
    assert (tmp_path / "s").stat().st_mode & 0o077 == 0


def test_a_late_writer_that_writes_nothing_leaves_a_finished_stream_whole(tmp_path: Path):
    path = tmp_path / "stream"
    write(path, b"a night")
    with SealedWriter(path, vault=VAULT, place=HERE) as late:
        assert late.offset == len(b"a night")
    assert read(path) == b"a night"
