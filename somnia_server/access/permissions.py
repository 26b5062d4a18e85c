"""The one table of who may do what to whose data: role by action, then what the actor is to the person, asked of the store."""

from collections.abc import Mapping
from enum import StrEnum

from somnia_server.store.actors import Actor, Role
from somnia_server.store.relations import Relation, relations


class Action(StrEnum):
    """What can be done; the first part to a person's data, the second a function of the house."""

    READ_NIGHT = "read_night"
    READ_REPORT = "read_report"
    CHANGE_NIGHT = "change_night"
    UPLOAD = "upload"
    PROCESS = "process"
    READ_PROFILE = "read_profile"
    CHANGE_PROFILE = "change_profile"
    CONSENT = "consent"
    SHARE = "share"
    READ_NOTICES = "read_notices"
    READ_AUDIT_OWN = "read_audit_own"
    EXPORT = "export"
    ERASE = "erase"
    SHOW_BOARD = "show_board"

    STATE_GUARDIAN = "state_guardian"
    VERIFY_GUARDIAN = "verify_guardian"
    ASK_TO_SHARE = "ask_to_share"
    READ_WORKLIST = "read_worklist"
    SIGN_NIGHT = "sign_night"
    BREAK_GLASS = "break_glass"
    PAIR_KIOSK = "pair_kiosk"
    MANAGE_ACCOUNTS = "manage_accounts"
    MANAGE_CLIENTS = "manage_clients"
    MANAGE_BREACHES = "manage_breaches"
    READ_AUDIT = "read_audit"
    READ_OUTWARD = "read_outward"


class ForbiddenError(Exception):
    """Somebody may not do this; the wall answers `status`: 404 for what is another's, 403 for a function of other roles."""

    def __init__(self, message: str, status: int) -> None:
        self.status = status
        super().__init__(message)


Who = Mapping[Role, frozenset[Relation]]

MINE = frozenset({Relation.OWN})
FAMILY = MINE | {Relation.WARD}
ANYBODY: frozenset[Relation] = frozenset()
"""No relation is asked for: a function of the role."""
PEOPLE: Who = {Role.USER: FAMILY, Role.DOCTOR: FAMILY, Role.ADMIN: FAMILY}
KEEPERS: Who = {**PEOPLE, Role.VISITOR: MINE}
SELF: Who = {Role.USER: MINE, Role.DOCTOR: MINE, Role.ADMIN: MINE}
DOCTORS: Who = {Role.DOCTOR: ANYBODY}
ADMINS: Who = {Role.ADMIN: ANYBODY}

RULES: Mapping[Action, Who] = {
    Action.READ_NIGHT: {**KEEPERS, Role.DOCTOR: FAMILY | {Relation.NIGHTS}},
    Action.READ_REPORT: {**KEEPERS, Role.DOCTOR: FAMILY | {Relation.NIGHTS, Relation.REPORTS}},
    Action.CHANGE_NIGHT: KEEPERS,
    Action.UPLOAD: {**KEEPERS, Role.DOCTOR: FAMILY | {Relation.UPLOAD}},
    Action.PROCESS: {**KEEPERS, Role.DOCTOR: FAMILY | {Relation.UPLOAD}},
    Action.READ_PROFILE: {**PEOPLE, Role.DOCTOR: FAMILY | {Relation.NIGHTS, Relation.REPORTS}},
    Action.CHANGE_PROFILE: PEOPLE,
    Action.CONSENT: PEOPLE,
    Action.SHARE: PEOPLE,
    Action.READ_NOTICES: SELF,
    Action.READ_AUDIT_OWN: PEOPLE,
    Action.EXPORT: KEEPERS,
    Action.ERASE: KEEPERS,
    Action.SHOW_BOARD: {Role.KIOSK: MINE | {Relation.BED}},
    Action.STATE_GUARDIAN: {Role.USER: ANYBODY, Role.DOCTOR: ANYBODY, Role.ADMIN: ANYBODY},
    Action.VERIFY_GUARDIAN: ADMINS,
    Action.ASK_TO_SHARE: DOCTORS,
    Action.READ_WORKLIST: DOCTORS,
    Action.SIGN_NIGHT: DOCTORS,
    Action.BREAK_GLASS: DOCTORS,
    Action.PAIR_KIOSK: DOCTORS,
    Action.MANAGE_ACCOUNTS: ADMINS,
    Action.MANAGE_CLIENTS: ADMINS,
    Action.MANAGE_BREACHES: ADMINS,
    Action.READ_AUDIT: ADMINS,
    Action.READ_OUTWARD: ADMINS,
}
"""Which role may do what, and what it must be to the person; a role that is missing may not, whoever the person is."""

SCOPES: Mapping[str, frozenset[Action]] = {
    "nights:read": frozenset({Action.READ_NIGHT, Action.READ_REPORT}),
    "nights:write": frozenset({Action.CHANGE_NIGHT, Action.UPLOAD, Action.PROCESS}),
    "profile:read": frozenset({Action.READ_PROFILE, Action.READ_NOTICES, Action.READ_AUDIT_OWN}),
    "profile:write": frozenset({Action.CHANGE_PROFILE}),
    "sharing": frozenset({Action.SHARE, Action.CONSENT, Action.STATE_GUARDIAN}),
    "account": frozenset({Action.EXPORT, Action.ERASE}),
    "clinic": frozenset({Action.ASK_TO_SHARE, Action.PAIR_KIOSK, Action.READ_WORKLIST, Action.SIGN_NIGHT}),
    "admin": frozenset(
        {
            Action.MANAGE_ACCOUNTS,
            Action.MANAGE_CLIENTS,
            Action.MANAGE_BREACHES,
            Action.READ_AUDIT,
            Action.READ_OUTWARD,
            Action.VERIFY_GUARDIAN,
        }
    ),
    "board": frozenset({Action.SHOW_BOARD}),
}
"""What a token's scope opens of what its bearer may anyway. An emergency is opened by a person at a page, by no scope."""


def may(actor: Actor, action: Action, subject: str = "") -> bool:
    """Return whether an actor may do something to a person's data, or use a function of the house (without a subject)."""
    return _refusal(actor, action, subject) is None


def require(actor: Actor, action: Action, subject: str = "") -> None:
    """Let an actor do something to a person's data, or raise.

    Raises
    ------
    ForbiddenError
        They may not; `status` is what the wall answers.
    """
    refusal = _refusal(actor, action, subject)
    if refusal is not None:
        raise refusal


def is_function(action: Action) -> bool:
    """Return whether an action is a function of roles, for which it does not matter whose data there is."""
    return all(relation is ANYBODY for relation in RULES[action].values())


def _refusal(actor: Actor, action: Action, subject: str) -> ForbiddenError | None:
    wanted = RULES[action].get(actor.role)
    if wanted is None or (wanted is not ANYBODY and not wanted & relations(actor, subject)):
        status = 403 if is_function(action) else 404
        return ForbiddenError(f"{actor.role} {actor.id} may not {action}; it takes {_takers(action)}", status)
    if actor.scopes is not None and not any(action in SCOPES.get(scope, ()) for scope in actor.scopes):
        return ForbiddenError(f"the token does not open {action}; it takes {_openers(action)}", 403)
    return None


def _takers(action: Action) -> str:
    return ", ".join(f"{role} ({' or '.join(sorted(relation)) or 'any'})" for role, relation in RULES[action].items())


def _openers(action: Action) -> str:
    return " or ".join(name for name, actions in SCOPES.items() if action in actions) or "a browser's session"
