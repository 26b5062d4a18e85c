"""Devices that seal packets for a person, and the packets that they brought."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from somnia_server.store.tables.base import ID, OWNER, Base, Moment


class DeviceRow(Base):
    """A device: waiting for its code, enrolled, or ended; its key is sealed, and gone when it has ended."""

    __tablename__ = "devices"
    __table_args__ = (Index("ix_devices_owner", "owner"), Index("uq_devices_code", "code", unique=True))

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    owner: Mapped[str] = mapped_column(OWNER)
    created_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    code: Mapped[str | None] = mapped_column(String(64))
    code_expires_at: Mapped[datetime | None] = mapped_column(Moment)
    sealed_name: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_key: Mapped[bytes | None] = mapped_column(LargeBinary)


class PacketRow(Base):
    """A packet that was accepted: its nonce and digest stay, so that it counts once; the letter goes when its night is kept."""

    __tablename__ = "packets"
    __table_args__ = (
        Index("ix_packets_owner", "owner"),
        Index("ix_packets_job", "job"),
        Index("uq_packets_device_nonce", "device", "nonce", unique=True),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    owner: Mapped[str] = mapped_column(OWNER)
    device: Mapped[str] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    nonce: Mapped[str] = mapped_column(String(24))
    digest: Mapped[str] = mapped_column(String(64))
    job: Mapped[str] = mapped_column(ID)
    night: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(Moment)
    sealed_letter: Mapped[bytes | None] = mapped_column(LargeBinary)
