"""/api/v1/admin: what administrators ask of the house, from the addresses that are named for it."""

from datetime import datetime
from typing import Any, Literal

from apiflask import APIBlueprint
from pydantic import BaseModel

from somnia_server.access.permissions import Action
from somnia_server.api.authority import BEARER, caller, needs
from somnia_server.store.accounts import list_accounts

admin = APIBlueprint("admin_api", __name__, url_prefix="/api/v1/admin", tag="Administration")


class AccountEntry(BaseModel):
    """An account without anything of its person."""

    id: str
    role: Literal["user", "doctor", "admin"]
    state: Literal["active", "unconfirmed", "disabled"]
    created_at: datetime


class AccountEntries(BaseModel):
    """All accounts, the newest first."""

    accounts: list[AccountEntry]


@admin.get("/accounts")
@admin.doc(security=BEARER)
@admin.output(AccountEntries)
@needs(Action.MANAGE_ACCOUNTS)
def read_accounts() -> Any:
    """Return who has an account, without names and addresses."""
    found = list_accounts(caller())
    return {
        "accounts": [
            {"id": one.id, "role": one.role, "state": _state(one.active, one.confirmed), "created_at": one.created_at} for one in found
        ]
    }


def _state(active: bool, confirmed: bool) -> str:
    return "disabled" if not active else "active" if confirmed else "unconfirmed"
