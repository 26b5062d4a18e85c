"""Packets that devices brought: taken once, kept sealed until their night is, then only remembered."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from somnia_engine.errors import PacketError
from somnia_engine.packet.seal import head_of, unseal
from somnia_engine.text import Text
from somnia_server.store import codec
from somnia_server.store.choices import Choices
from somnia_server.store.devices import Secret, secret_of
from somnia_server.store.house import house, now
from somnia_server.store.jobs import QUEUED
from somnia_server.store.processing import processing_refusal
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import DeviceRow, JobRow, PacketRow, session

SEEN_EVERY = timedelta(minutes=5)
LETTERS_STAY = timedelta(days=7)
UNKNOWN = Text("This packet's device is not enrolled here, or it has ended. Enroll it under Settings, then send the packet again.")
REUSED = Text("This device has sealed another night with the same number. Set the device up anew and send the packet again.")


class UnknownDeviceError(RefusalError):
    """Nobody's device now."""


class ReusedNonceError(RefusalError):
    """Two packets of one device with one nonce: one of them is forged, or the device draws no new numbers."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a packet: its job, and whether it was here before."""

    job: str
    known: bool
    night_id: str | None
    state: str


def secret_for(packet: bytes) -> Secret:
    """Return whose device sealed a packet, as its head says. Raises PacketError, UnknownDeviceError."""
    found = secret_of(head_of(packet).key_id)
    if found is None:
        raise UnknownDeviceError(UNKNOWN)
    return found


def take(packet: bytes, secret: Secret) -> Taken:
    """Keep a packet and queue its night, in one transaction; the same packet again gives the same job.

    Raises
    ------
    PacketError
        It is not genuine.
    RefusalError
        Nothing of this person may be worked on now; ReusedNonceError for another packet under a nonce that is spent.
    """
    head, letter = head_of(packet), unseal(packet, secret.key)
    digest = sha256(packet).hexdigest()
    known = _known(secret.device, head.nonce, digest)
    if known is not None:
        return known
    refusal = processing_refusal(secret.owner)
    if refusal is not None:
        raise RefusalError(refusal)
    row = _row(secret, head.nonce, digest=digest)
    row.sealed_letter = house().vault.seal(letter, table="packets.letter", row=row.id, owner=row.owner)
    session().add_all((row, _job(row)))
    _saw(secret.device)
    try:
        session().commit()
    except IntegrityError:  # the same packet came twice at once
        session().rollback()
        found = _known(secret.device, head.nonce, digest)
        if found is None:
            raise
        return found
    return Taken(row.job, False, None, QUEUED)


def letter_of(job: str, owner: str) -> tuple[str, bytes] | None:
    """Return the device and the opened letter that a job is for; None when it is for files, or the letter is gone."""
    row = session().scalars(select(PacketRow).where(PacketRow.job == job, PacketRow.owner == owner)).one_or_none()
    if row is None or row.sealed_letter is None:
        return None
    return row.device, house().vault.open_sealed(row.sealed_letter, table="packets.letter", row=row.id, owner=row.owner)


def spend(job: str, night: date) -> None:
    """Let go of the letter of a night that is kept; that it came is remembered."""
    session().execute(update(PacketRow).where(PacketRow.job == job).values(sealed_letter=None, night=night))
    session().commit()


def opened(owner: str, content: bytes) -> bytes | None:
    """Return the letter in a packet that an owner brings as a file; None when it is not from a device of theirs."""
    try:
        secret = secret_for(content)
        return unseal(content, secret.key) if secret.owner == owner else None
    except (PacketError, UnknownDeviceError):
        return None


def night_fingerprint(owner: str, device: str, start: str) -> str:
    """Return what a night of a device is recognised by: the same night told again takes the place of the first."""
    return house().vault.fingerprint(owner, "packet", device, start)


def purge_letters(at: datetime) -> None:
    """Let go of letters whose job never came to a night."""
    old = PacketRow.created_at <= at - LETTERS_STAY, PacketRow.sealed_letter.is_not(None)
    session().execute(update(PacketRow).where(*old).values(sealed_letter=None))
    session().commit()


def _known(device: str, nonce: bytes, digest: str) -> Taken | None:
    row = session().scalars(select(PacketRow).where(PacketRow.device == device, PacketRow.nonce == nonce.hex())).one_or_none()
    if row is None:
        return None
    if row.digest != digest:
        raise ReusedNonceError(REUSED)
    job = session().get(JobRow, row.job)
    return Taken(row.job, True, job.night_id if job is not None else None, job.state if job is not None else "done")


def _row(secret: Secret, nonce: bytes, *, digest: str) -> PacketRow:
    row = PacketRow(id=secrets.token_hex(16), owner=secret.owner, device=secret.device, nonce=nonce.hex(), digest=digest)
    row.job, row.created_at = secrets.token_hex(16), now()
    return row


def _job(row: PacketRow) -> JobRow:
    job = JobRow(id=row.job, owner=row.owner, fingerprint=row.digest, state=QUEUED, night=None, created_at=row.created_at)
    job.brought_by, job.stage, job.fraction, job.attempts, job.cancel_asked = row.owner, "", 0.0, 0, False
    job.sealed_options = house().vault.seal(codec.dumps(Choices()), table="jobs.options", row=job.id, owner=row.owner)
    return job


def _saw(device: str) -> None:
    row, at = session().get_one(DeviceRow, device), now()
    if row.seen_at is None or at - row.seen_at > SEEN_EVERY:
        row.seen_at = at
