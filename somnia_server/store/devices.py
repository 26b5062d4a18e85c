"""Devices that seal packets for a person: enrolled by a code and X25519, or by a key that is shown once; renewed; ended."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import select

from somnia_engine.packet.seal import ID_BYTES, KEY_BYTES, PacketKey
from somnia_engine.text import Text
from somnia_server.store.actors import Actor
from somnia_server.store.audit import note
from somnia_server.store.codes import ALIKE, digest_code, make_code
from somnia_server.store.damaged import named, read_or
from somnia_server.store.house import house, now
from somnia_server.store.reach import changes
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import DeviceRow, session

CODE_SIGNS = 10
CODE_LASTS = timedelta(minutes=15)
MOST_DEVICES = 50
NAME_CHARS = 48
INFO = b"somnia device key"
PURPOSE = "device code"
MADE, RENEWED, ENDED = "device.made", "device.renewed", "device.ended"
TOO_MANY = Text("You have {most} devices already. Remove one that you no longer use.")
NO_NAME = Text("Give the device a name of at most {most} letters, for example “Bedroom phone”.")


@dataclass(frozen=True, slots=True)
class Device:
    """A device as its person sees it; `waits` until its code was used."""

    id: str
    name: str
    created_at: datetime
    seen_at: datetime | None
    waits: bool


@dataclass(frozen=True, slots=True)
class Secret:
    """Whose device a key belongs to."""

    owner: str
    device: str
    key: PacketKey


def devices_of(actor: Actor) -> tuple[Device, ...]:
    """Return the actor's devices that have not ended, newest first."""
    at = now()
    mine = select(DeviceRow).where(DeviceRow.owner == actor.id, changes(actor, DeviceRow.owner), DeviceRow.ended_at.is_(None))
    rows = session().scalars(mine.order_by(DeviceRow.created_at.desc())).all()
    alive = [row for row in rows if row.sealed_key is not None or (row.code_expires_at is not None and row.code_expires_at > at)]
    return tuple(Device(row.id, _name(row), row.created_at, row.seen_at, row.sealed_key is None) for row in alive)


def add_device(actor: Actor, name: str) -> PacketKey:
    """Enroll a device with a new key, note and commit; the key is shown this once.

    Raises
    ------
    RefusalError
        The name is empty or too long, or there are too many devices.
    """
    row = _new(actor, name)
    key = PacketKey(bytes.fromhex(row.id), secrets.token_bytes(KEY_BYTES))
    row.sealed_key = _seal(row, key.secret)
    note(actor, MADE, subject=actor.id, thing=row.id)
    session().commit()
    return key


def invite_device(actor: Actor, name: str) -> str:
    """Make a device that waits, and return the code by which it enrolls within 15 minutes; errors as in `add_device`."""
    row, code = _new(actor, name), make_code(CODE_SIGNS)
    row.code, row.code_expires_at = digest_code(PURPOSE, code), now() + CODE_LASTS
    session().commit()
    return code


def enroll(code: str, public_key: bytes) -> tuple[str, bytes] | None:
    """Take a device in by its code, note and commit; return its key's name and our public key. None when the code does not count.

    Both sides draw the key from the X25519 secret (RFC 7748) by HKDF-SHA256 (RFC 5869) with the code as salt, so it never travels.
    """
    waiting = DeviceRow.code == digest_code(PURPOSE, code), DeviceRow.code_expires_at > now(), DeviceRow.ended_at.is_(None)
    row = session().scalars(select(DeviceRow).where(*waiting).with_for_update()).one_or_none()
    if row is None or len(public_key) != KEY_BYTES:
        return None
    ours = X25519PrivateKey.generate()
    try:
        shared = ours.exchange(X25519PublicKey.from_public_bytes(public_key))
    except ValueError:  # a point of low order
        return None
    row.sealed_key = _seal(row, device_key(shared, code, bytes.fromhex(row.id)))
    row.code = row.code_expires_at = None
    note(Actor.owner(row.owner), MADE, subject=row.owner, thing=row.id)
    session().commit()
    return row.id, ours.public_key().public_bytes_raw()


def device_key(shared: bytes, code: str, key_id: bytes) -> bytes:
    """Return the key that both sides draw from their shared secret."""
    said = code.upper().translate(ALIKE).encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=said, info=INFO + key_id).derive(shared)


def renew(actor: Actor, device: str) -> PacketKey | None:
    """Give a device a new key under a new name and end the old one, note and commit; None when it is not the actor's."""
    row = _own(actor, device)
    if row is None or row.sealed_key is None:
        return None
    name = _name(row)
    _end(row)
    session().flush()
    key = add_device(actor, name)
    note(actor, RENEWED, subject=actor.id, thing=key.id.hex())
    session().commit()
    return key


def end_device(actor: Actor, device: str) -> bool:
    """End a device: its key is deleted and no packet of it is taken any more; note and commit. False when it is not the actor's."""
    row = _own(actor, device)
    if row is None:
        return False
    _end(row)
    note(actor, ENDED, subject=actor.id, thing=row.id)
    session().commit()
    return True


def secret_of(key_id: bytes) -> Secret | None:
    """Return the key of a device that is enrolled now; None also where the key was changed on the disk."""
    row = session().get(DeviceRow, key_id.hex())
    if row is None or row.sealed_key is None or row.ended_at is not None:
        return None
    sealed, place = row.sealed_key, {"table": "devices.key", "row": row.id, "owner": row.owner}
    found = read_or(lambda: house().vault.open_sealed(sealed, **place), None, what=f"key of device {row.id}")
    return None if found is None else Secret(row.owner, row.id, PacketKey(key_id, found))


def _own(actor: Actor, device: str) -> DeviceRow | None:
    mine = DeviceRow.id == device, DeviceRow.ended_at.is_(None), DeviceRow.owner == actor.id, changes(actor, DeviceRow.owner)
    return session().scalars(select(DeviceRow).where(*mine)).one_or_none()


def _new(actor: Actor, name: str) -> DeviceRow:
    said = " ".join(name.split())
    if not said or len(said) > NAME_CHARS:
        raise RefusalError(Text(NO_NAME.msgid, {"most": NAME_CHARS}))
    if len(devices_of(actor)) >= MOST_DEVICES:
        raise RefusalError(Text(TOO_MANY.msgid, {"most": MOST_DEVICES}))
    row = DeviceRow(id=secrets.token_hex(ID_BYTES), owner=actor.id, created_at=now())
    row.sealed_name = house().vault.seal(said.encode(), table="devices.name", row=row.id, owner=row.owner)
    session().add(row)
    return row


def _end(row: DeviceRow) -> None:
    row.sealed_key, row.code, row.code_expires_at, row.ended_at = None, None, None, now()


def _seal(row: DeviceRow, secret: bytes) -> bytes:
    return house().vault.seal(secret, table="devices.key", row=row.id, owner=row.owner)


def _name(row: DeviceRow) -> str:
    def read() -> str:
        return house().vault.open_sealed(row.sealed_name, table="devices.name", row=row.id, owner=row.owner).decode()

    return named(read, what=f"device {row.id}")
