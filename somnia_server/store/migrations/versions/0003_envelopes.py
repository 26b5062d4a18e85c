"""Every owner gets a key of their own; what the one key from the key file sealed is sealed anew under it.

How the former format is opened is written down here and nowhere else. A record that does not open stays as it is, and is
refused where it is read. Streams are written anew beside the former ones, under the name that is read from now on: a start that
ends halfway leaves the former ones whole, and the sweeper takes them away afterwards.
"""

import logging
import secrets
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from somnia_server.settings import SettingsError
from somnia_server.store.frames import FRAME_BYTES, SealedWriter
from somnia_server.store.house import house
from somnia_server.store.keys import CARRIED, HOUSE, MARKER, key_row
from somnia_server.store.masters import Masters
from somnia_server.store.vault import Place, Vault, seal_record

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

log = logging.getLogger("somnia_server.migrations")

FORMER = b"\x01"
FORMER_MAGIC = b"SOMNIA\x00\x01"
SALT, NONCE, TAG, LENGTH = 16, 12, 16, 4
SEALED = {
    "uploads": ("name", "sha256", "survey"),
    "nights": ("summary", "series"),
    "jobs": ("error", "options"),
}
KEYS = sa.table(
    "keys", sa.column("owner", sa.String), sa.column("master", sa.String), sa.column("wrapped", sa.LargeBinary), sa.column("created_at", sa.DateTime)
)


def upgrade() -> None:
    connection = op.get_bind()
    owners = _owners(connection)
    if not owners:
        return
    settings = house().settings
    if not settings.key_file.exists():
        raise SettingsError(
            f"The data were sealed with SOMNIA_KEY_FILE={settings.key_file}, which is not there. Put it back for this start; "
            "afterwards the keys can be moved to another master key."
        )
    former = Former(settings.key_file.read_bytes())
    keys = {owner: secrets.token_bytes(32) for owner in owners}
    house_keys = {HOUSE + purpose: former.derive(purpose.encode()) for purpose in CARRIED}
    master = Masters(settings).chosen()
    fresh = keys | house_keys | {MARKER: secrets.token_bytes(32)}
    rows = [key_row(owner, key, master) for owner, key in fresh.items()]
    connection.execute(sa.insert(KEYS), [row | {"created_at": row["created_at"].astimezone(UTC).replace(tzinfo=None)} for row in rows])
    for table, columns in SEALED.items():
        _seal_rows_anew(connection, table, columns=columns, former=former, keys=keys)
    _seal_streams_anew(connection, settings.uploads, former=former, keys=keys)


def downgrade() -> None:
    raise RuntimeError("what is sealed under keys of its owners cannot be sealed with the one key again; restore a backup instead")


class Former:
    """How the former version opened what it kept."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._records = AESGCM(self.derive(b"somnia records"))

    def derive(self, purpose: bytes, salt: bytes | None = None) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=salt, info=purpose).derive(self._key)

    def open(self, sealed: bytes, place: Place) -> bytes | None:
        """Return the plaintext; None when it was changed."""
        if sealed[:1] != FORMER or len(sealed) < 1 + NONCE + TAG:
            return None
        try:
            return self._records.decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], bound(place))
        except InvalidTag:
            return None

    def pieces(self, path: Path, place: Place) -> Iterator[bytes]:
        """Yield the pieces of a stream, b"" when it was finished; ends at what is torn or was changed."""
        with path.open("rb") as file:
            header = file.read(len(FORMER_MAGIC) + SALT)
            if header[: len(FORMER_MAGIC)] != FORMER_MAGIC:
                return
            cipher, index = AESGCM(self.derive(b"somnia stream", header[len(FORMER_MAGIC) :])), 0
            while len(length := file.read(LENGTH)) == LENGTH:
                size = int.from_bytes(length, "big")
                frame = file.read(size) if NONCE + TAG <= size <= FRAME_BYTES + NONCE + TAG else b""
                last = size == NONCE + TAG
                try:
                    piece = cipher.decrypt(frame[:NONCE], frame[NONCE:], bound(place) + index.to_bytes(8, "big") + bytes([last]))
                except (InvalidTag, ValueError):
                    return
                yield piece
                index += 1


def bound(place: Place) -> bytes:
    parts = (place.table.encode(), place.row.encode(), place.owner.encode())
    return FORMER + b"".join(len(part).to_bytes(4, "big") + part for part in parts)


class _Own:
    """The keys that this migration made."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        self._keys = keys

    def of(self, owner: str, *, make: bool) -> bytes:
        return self._keys[owner]

    def of_house(self, purpose: str) -> bytes:
        return self._keys[HOUSE + purpose]


def _owners(connection: sa.Connection) -> set[str]:
    names = (("visitors", "id"), ("uploads", "owner"), ("nights", "owner"), ("jobs", "owner"))
    return {owner for table, name in names for owner in connection.scalars(sa.text(f"SELECT DISTINCT {name} FROM {table}"))}


def _seal_rows_anew(
    connection: sa.Connection, table: str, *, columns: tuple[str, ...], former: Former, keys: dict[str, bytes]
) -> None:
    ids = connection.scalars(sa.text(f"SELECT id FROM {table}")).all()
    names = [f"sealed_{column}" for column in columns]
    read = sa.text(f"SELECT owner, {', '.join(names)} FROM {table} WHERE id = :id")
    write = sa.text(f"UPDATE {table} SET {', '.join(f'{name} = :{name}' for name in names)} WHERE id = :id")
    for row_id in ids:
        owner, *sealed = connection.execute(read, {"id": row_id}).one()
        fresh = {}
        for name, column, blob in zip(names, columns, sealed, strict=True):
            place = Place(f"{table}.{column}", row_id, owner)
            plain = None if blob is None else former.open(bytes(blob), place)
            if blob is not None and plain is None:
                log.warning("a record of %s.%s had been changed and stays unreadable", table, column)
            fresh[name] = blob if plain is None else seal_record(keys[owner], plain, place=place)
        connection.execute(write, {"id": row_id} | fresh)


def _seal_streams_anew(connection: sa.Connection, folder: Path, *, former: Former, keys: dict[str, bytes]) -> None:
    vault = Vault(_Own(keys))
    for upload_id, owner in connection.execute(sa.text("SELECT id, owner FROM uploads WHERE demo IS NULL")).all():
        path, place = folder / f"{upload_id}.sealed", Place("uploads.stream", upload_id, owner)
        if not path.exists():
            continue
        fresh = path.with_suffix(".stream")
        fresh.unlink(missing_ok=True)
        with SealedWriter(fresh, vault=vault, place=place) as writer:
            for piece in former.pieces(path, place):
                if piece:
                    writer.write(piece)
                else:
                    writer.finish()
