"""People: visitors, accounts with their keys and sessions, what a person says about themselves."""

from datetime import datetime
from typing import Any

from flask_security import AsaList, RoleMixin, UserMixin, WebAuthnMixin
from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from somnia_server.store.tables.base import ID, MARK, OWNER, Base, Lookup, Moment


class Words(AsaList):
    """A list of words, kept as one line; equal lists make equal statements."""

    cache_ok = True


class VisitorRow(Base):
    __tablename__ = "visitors"

    id: Mapped[str] = mapped_column(OWNER, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)


class KeyRow(Base):
    """A key of an owner (or of the house, `house:<purpose>`), wrapped by the master key; without its row nothing of theirs can be read."""

    __tablename__ = "keys"
    __table_args__ = (Index("ix_keys_master", "master"),)

    owner: Mapped[str] = mapped_column(OWNER, primary_key=True)
    master: Mapped[str] = mapped_column(String(32))
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment)


roles_users = Table(
    "roles_users",
    Base.metadata,
    Column("user_id", OWNER, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", Integer, ForeignKey("roles.id", ondelete="CASCADE"), primary_key=True),
)


class RoleRow(Base, RoleMixin):
    __tablename__ = "roles"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(16), unique=True)


class UserRow(Base, UserMixin):
    """An account; the address is sealed but can be looked up, the secrets of the second factor are sealed by the library's own keys."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(OWNER, primary_key=True)  # type: ignore[assignment]
    email: Mapped[str] = mapped_column(Lookup, unique=True)
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool]
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(String(512))
    tf_phone_number: Mapped[str | None] = mapped_column(Lookup)
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(Words()))
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(String(64), unique=True)  # type: ignore[assignment]
    totp_last: Mapped[int | None]
    first_password_at: Mapped[datetime | None] = mapped_column(Moment)
    oidc_subject: Mapped[str | None] = mapped_column(Lookup, unique=True)
    mark: Mapped[str | None] = mapped_column(MARK)
    roles: Mapped[list[RoleRow]] = relationship(secondary=roles_users, lazy="selectin")  # type: ignore[assignment]
    webauthn: Mapped[list["PasskeyRow"]] = relationship(back_populates="user", cascade="all, delete-orphan", passive_deletes=True)  # type: ignore[assignment]

    @property
    def confirmed(self) -> bool:
        """Whether the address was confirmed."""
        return self.confirmed_at is not None

    @property
    def role_names(self) -> list[str]:
        """The names of the roles."""
        return sorted(role.name for role in self.roles)

    @property
    def recovery_codes(self) -> list[str]:
        """The recovery codes that are left, sealed; an empty list when there are none."""
        return list(self.mf_recovery_codes or ())

    @property
    def is_active(self) -> bool:
        """Whether this account lets somebody in: it is not disabled, and nobody but us has written it."""
        from somnia_server.store.bound import vouched

        return bool(self.active) and vouched(self)


class PasskeyRow(Base, WebAuthnMixin):
    __tablename__ = "passkeys"
    __table_args__ = (Index("ix_passkeys_user_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1024), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    transports: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(Words()))
    backup_state: Mapped[bool]
    device_type: Mapped[str] = mapped_column(String(64))
    extensions: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(64))
    usage: Mapped[str] = mapped_column(String(64))
    create_datetime: Mapped[datetime] = mapped_column(Moment)
    lastuse_datetime: Mapped[datetime] = mapped_column(Moment)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    mark: Mapped[str | None] = mapped_column(MARK)
    user: Mapped[UserRow] = relationship(back_populates="webauthn")

    @property
    def whose(self) -> str:
        """Whose it is; a new one that is not written yet knows it by its account."""
        return self.user_id or self.user.id

    def get_user_mapping(self) -> dict[str, Any]:
        """Return how the library finds the account of a passkey."""
        return {"id": self.user_id}


class SessionRow(Base):
    """A browser that is logged in; the cookie names it, ending the row ends it in every process."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_user_id", "user_id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    sealed_agent: Mapped[bytes | None] = mapped_column(LargeBinary)
    mark: Mapped[str | None] = mapped_column(MARK)


class PersonRow(Base):
    """What a person says about themselves: profile, medical history, settings."""

    __tablename__ = "persons"

    owner: Mapped[str] = mapped_column(OWNER, primary_key=True)
    updated_at: Mapped[datetime] = mapped_column(Moment)
    sealed_profile: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_history: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_settings: Mapped[bytes | None] = mapped_column(LargeBinary)


class ConsentRow(Base):
    """That a person agreed to one version of a text, and when they withdrew it."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_owner", "owner"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    owner: Mapped[str] = mapped_column(OWNER)
    kind: Mapped[str] = mapped_column(String(16))
    version: Mapped[str] = mapped_column(String(16))
    given_by: Mapped[str] = mapped_column(OWNER)
    given_at: Mapped[datetime] = mapped_column(Moment)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)
    mark: Mapped[str | None] = mapped_column(MARK)


class NoticeRow(Base):
    """Something that a person is to be told: a text, sealed; `mailed_at` is when it was decided for good whether they get mail of it."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_owner", "owner"), Index("ix_notices_mailed_at", "mailed_at"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    owner: Mapped[str] = mapped_column(OWNER)
    kind: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(Moment)
    read_at: Mapped[datetime | None] = mapped_column(Moment)
    mailed_at: Mapped[datetime | None] = mapped_column(Moment)
    mail_tries: Mapped[int | None]
    mail_next_at: Mapped[datetime | None] = mapped_column(Moment)
    sealed_text: Mapped[bytes] = mapped_column(LargeBinary)
