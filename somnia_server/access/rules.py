"""Who may come to which address: every rule of the application stands here, or it is closed.

A new address is one line in `RULES`; a new page with callbacks is one line in `PARTS`. What a person may do with whose data is
asked of the stores and of `permissions`; this table only says who may knock.
"""

from dataclasses import dataclass
from enum import Enum

from somnia_server.store.actors import Role

ARCHIVE_BYTES = 64 * 1024 * 1024
"""Of an archive that is brought through the browser; larger ones go through the command line."""
FORM_AROUND_BYTES = 64 * 1024
"""What the form that carries an archive may add to it."""


class Guard(Enum):
    """What a request that changes something must bring besides its cookie."""

    CALLBACK = "the token that a page's script echoes"
    FORM = "the token in the form, which the form checks"
    TUS = "the header of the upload protocol, which no other site can send"
    TOKEN = "a bearer token; cookies do not count"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may come to an address: the roles, whether somebody unknown too, and whether an unknown one becomes a visitor.

    `most_bytes` is how much somebody with an account may bring in one request, where that is more than forms bring.
    """

    roles: frozenset[Role]
    guard: Guard = Guard.CALLBACK
    unknown: bool = False
    welcomes: bool = False
    most_bytes: int = 0


EVERYBODY = frozenset(Role)
PEOPLE = frozenset({Role.USER, Role.DOCTOR, Role.ADMIN})
"""Who has an account."""
KEEPERS = PEOPLE | {Role.VISITOR}
"""Who may keep nights here."""
DOCTORS = frozenset({Role.DOCTOR})
ADMINS = frozenset({Role.ADMIN})

OPEN = Rule(EVERYBODY, unknown=True)
PAGE = Rule(EVERYBODY, unknown=True, welcomes=True)
UPLOADS = Rule(KEEPERS, Guard.TUS)
DOOR = Rule(KEEPERS, Guard.FORM, unknown=True)
"""A form before which nobody needs to be known."""
OWN = Rule(KEEPERS, Guard.FORM, unknown=True)
"""A form of one's own account; who is not logged in is led to the log-in."""
PROGRAM = Rule(PEOPLE, Guard.TOKEN)
"""For programs with an access token; the view asks for its scope."""
ADMIN_PROGRAM = Rule(ADMINS, Guard.TOKEN)
"""For administrators' programs, from the addresses that are named for them."""
DOCTORS_PROGRAM = Rule(DOCTORS, Guard.TOKEN)
KEYHOLE = Rule(EVERYBODY, Guard.TOKEN, unknown=True)
"""Where programs get their tokens for what they bring in the body; no cookie counts."""

RULES: dict[str, Rule] = {
    "/assets/<path:filename>": OPEN,
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>": OPEN,
    "/_favicon.ico": OPEN,
    "/": PAGE,
    "/<path:path>": PAGE,
    "/_dash-layout": PAGE,
    "/_dash-dependencies": PAGE,
    "/_dash-update-component": Rule(EVERYBODY),
    "/login": DOOR,
    "/login/code": DOOR,
    "/login/identity": DOOR,
    "/login/identity/answer": DOOR,
    "/login/factor": DOOR,
    "/login/passkey": DOOR,
    "/login/passkey/<token>": DOOR,
    "/login/recovery-code": DOOR,
    "/login/rescue": DOOR,
    "/legal/<kind>": OPEN,
    "/logout": DOOR,
    "/register": DOOR,
    "/confirm": DOOR,
    "/confirm/<token>": DOOR,
    "/reset": DOOR,
    "/reset/<token>": DOOR,
    "/account": OWN,
    "/account/email": OWN,
    "/account/email/<token>": DOOR,
    "/account/identity": OWN,
    "/account/leave": OWN,
    "/account/programs/end": OWN,
    "/account/passkeys": OWN,
    "/account/passkeys/<token>": OWN,
    "/account/passkeys/remove": OWN,
    "/account/password": OWN,
    "/account/recovery-codes": OWN,
    "/account/two-factor": OWN,
    "/account/two-factor/<token>": OWN,
    "/account/verify": OWN,
    "/account/verify/passkey": OWN,
    "/account/verify/passkey/<token>": OWN,
    "/api/docs": OPEN,
    "/api/openapi.json": OPEN,
    "/api/v1/admin/accounts": ADMIN_PROGRAM,
    "/api/v1/analyze": PROGRAM,
    "/api/v1/demo-analysis": OPEN,
    "/api/v1/devices": KEYHOLE,
    "/api/v1/devices/<device>": PROGRAM,
    "/api/v1/disorders": OPEN,
    "/api/v1/grants": PROGRAM,
    "/api/v1/grants/<grant_id>": PROGRAM,
    "/api/v1/health": OPEN,
    "/api/v1/jobs": PROGRAM,
    "/api/v1/jobs/<job_id>": PROGRAM,
    "/api/v1/nights": PROGRAM,
    "/api/v1/nights/<night_id>": PROGRAM,
    "/api/v1/nights/<night_id>/interpretations": PROGRAM,
    "/api/v1/nights/<night_id>/notes": PROGRAM,
    "/api/v1/nights/<night_id>/tags": PROGRAM,
    "/api/v1/nights/<night_id>/tags/<tag>": PROGRAM,
    "/api/v1/packets": KEYHOLE,
    "/api/v1/reports/<user_id>": PROGRAM,
    "/api/v1/team": OPEN,
    "/api/v1/trends/<user_id>": PROGRAM,
    "/api/v1/upload/<kind>": PROGRAM,
    "/api/v1/uploads": PROGRAM,
    "/api/v1/uploads/<upload_id>": PROGRAM,
    "/api/v1/user": PROGRAM,
    "/api/v1/user/export": PROGRAM,
    "/api/v1/user/profile": PROGRAM,
    "/api/v1/user/programs": PROGRAM,
    "/api/v1/user/programs/<program_id>": PROGRAM,
    "/api/v1/user/settings": PROGRAM,
    "/api/v1/webhooks": PROGRAM,
    "/api/v1/webhooks/<webhook_id>": PROGRAM,
    "/api/v1/webhooks/<webhook_id>/ping": PROGRAM,
    "/api/v1/worklist": DOCTORS_PROGRAM,
    "/auth/authorize": OWN,
    "/auth/login": KEYHOLE,
    "/auth/logout": KEYHOLE,
    "/auth/refresh": KEYHOLE,
    "/auth/revoke": KEYHOLE,
    "/auth/token": KEYHOLE,
    "/data": OWN,
    "/data/erase": OWN,
    "/data/export": OWN,
    "/data/import": Rule(KEEPERS, Guard.FORM, unknown=True, most_bytes=ARCHIVE_BYTES + FORM_AROUND_BYTES),
    "/kiosk/pair": Rule(EVERYBODY, Guard.FORM, unknown=True),
    "/clip/<clip_id>": Rule(KEEPERS),
    "/clip/<clip_id>/picture": Rule(KEEPERS),
    "/report/night/<night_id>": Rule(KEEPERS),
    "/still/display": Rule(frozenset({Role.KIOSK})),
    "/still/night/<night_id>": Rule(KEEPERS),
    "/still/patient/<patient>": Rule(DOCTORS),
    "/upload/tus": UPLOADS,
    "/upload/tus/<upload_id>": UPLOADS,
}

PARTS: dict[str, frozenset[Role]] = {
    "_pages": EVERYBODY,
    "upload": KEEPERS,
    "demo": KEEPERS,
    "night": EVERYBODY - {Role.KIOSK},
    "trends": KEEPERS,
    "compare": KEEPERS,
    "remark": KEEPERS,
    "lights": KEEPERS,
    "disorder": KEEPERS,
    "settings": PEOPLE,
    "sharing": PEOPLE,
    "notices": PEOPLE,
    "kiosk": frozenset({Role.KIOSK}),
    "patients": DOCTORS,
    "bring": DOCTORS,
    "visits": PEOPLE,
    "worklist": DOCTORS,
    "review": DOCTORS,
    "admin": ADMINS,
}
"""Whose callbacks may be called by whom: `upload-found` belongs to the part `upload`."""
