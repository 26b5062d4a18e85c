"""A person leaves: everything of theirs goes for good, at their own word, their guardian's, or an administrator's on their request."""

from sqlalchemy import func, select

from somnia_engine.text import Text
from somnia_server.store.actors import Actor, Role
from somnia_server.store.audit import note
from somnia_server.store.erasure import erase_owner
from somnia_server.store.reach import acts_for
from somnia_server.store.refusals import RefusalError
from somnia_server.store.tables import RoleRow, UserRow, session


class LeavingError(RefusalError):
    """Somebody's data are not deleted, or not so; the text says why and what to do."""


def erase(actor: Actor, subject: str | None = None, *, password_checked: bool) -> bool:
    """Delete everything of a person (the actor by default) for good; False when it is not the actor's to delete.

    Their sessions and tokens end, files and rows go, the key is shredded, a tombstone keeps backups from bringing them back. What
    stays is an entry in the audit log that says by whose word. A visitor has no password to check.

    Raises
    ------
    LeavingError
        The password was not checked just now, or the last administrator would go.
    """
    owner = actor.id if subject is None else subject
    if not acts_for(actor, owner) and not (actor.role is Role.ADMIN and session().get(UserRow, owner) is not None):
        return False
    if not password_checked and actor.role is not Role.VISITOR:
        raise LeavingError(Text("Enter your password again: what is deleted here cannot be brought back."))
    if _is_last_admin(owner):
        raise LeavingError(Text("This is the last administrator. Give another account that role first."))
    note(actor, "erase", subject=owner)
    session().commit()
    erase_owner(owner)
    return True


def _is_last_admin(owner: str) -> bool:
    admins = select(func.count()).select_from(UserRow).where(UserRow.active, UserRow.roles.any(RoleRow.name == Role.ADMIN))
    others = session().scalar(admins.where(UserRow.id != owner)) or 0
    return others == 0 and bool(session().scalar(admins.where(UserRow.id == owner)))
