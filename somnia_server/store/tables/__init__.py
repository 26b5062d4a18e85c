"""The tables: ids, owners, states and times in the clear; whatever says something about a person is sealed."""

from somnia_server.store.tables.access import BedRow, GrantRow, GuardianRow, InvitationRow, KioskRow, SharingRequestRow, TryRow
from somnia_server.store.tables.base import Base, db, ping, session
from somnia_server.store.tables.clinic import FilterRow, InterpretationRow, MessageRow, ScoringRow, VisitRow
from somnia_server.store.tables.history import AnswerRow, RemarkRow, TrendRow
from somnia_server.store.tables.nights import ClipRow, JobRow, JobUploadRow, NightRow, UploadRow
from somnia_server.store.tables.packets import DeviceRow, PacketRow
from somnia_server.store.tables.people import (
    ConsentRow,
    KeyRow,
    NoticeRow,
    PasskeyRow,
    PersonRow,
    RoleRow,
    SessionRow,
    UserRow,
    VisitorRow,
)
from somnia_server.store.tables.programs import DeliveryRow, RepeatRow, WebhookRow
from somnia_server.store.tables.records import AuditRow, BreachRow, ClientRow, ClinicNoteRow, CodeRow, RefreshRow

__all__ = [
    "AnswerRow",
    "AuditRow",
    "Base",
    "BedRow",
    "BreachRow",
    "ClientRow",
    "ClinicNoteRow",
    "ClipRow",
    "CodeRow",
    "ConsentRow",
    "DeliveryRow",
    "DeviceRow",
    "FilterRow",
    "GrantRow",
    "GuardianRow",
    "InterpretationRow",
    "InvitationRow",
    "JobRow",
    "JobUploadRow",
    "KeyRow",
    "KioskRow",
    "MessageRow",
    "NightRow",
    "NoticeRow",
    "PacketRow",
    "PasskeyRow",
    "PersonRow",
    "RefreshRow",
    "RemarkRow",
    "RepeatRow",
    "RoleRow",
    "ScoringRow",
    "SessionRow",
    "SharingRequestRow",
    "TrendRow",
    "TryRow",
    "UploadRow",
    "UserRow",
    "VisitRow",
    "VisitorRow",
    "WebhookRow",
    "db",
    "ping",
    "session",
]
