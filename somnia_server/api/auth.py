"""/auth: tokens for our own programs."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from somnia_engine.text import t
from somnia_server.access.credentials import prove
from somnia_server.access.events import note_login
from somnia_server.access.permissions import SCOPES
from somnia_server.access.tokens import LASTS, access_token
from somnia_server.api.errors import problem
from somnia_server.store.tokens import Refresh, begin_family, end_token, rotate

OWN = "somnia"
"""The client under which our own programs get their tokens."""
auth = APIBlueprint("auth", __name__, url_prefix="/auth", tag="Tokens")


class Strict(BaseModel):
    """A body in which nothing is accepted that is not asked for."""

    model_config = ConfigDict(extra="forbid", str_max_length=4096)


class Credentials(Strict):
    """What a person knows; `code` is from their app, or a recovery code, when the account asks for a second factor."""

    email: str = Field(max_length=320)
    password: str = Field(min_length=1, max_length=1024)
    code: str = Field(default="", max_length=64)
    scope: str = Field(default="", max_length=255, description="Scopes, separated by spaces; empty: none, and such a token opens nothing.")


class RefreshBody(Strict):
    """A refresh token; it counts once."""

    refresh_token: str = Field(min_length=1, max_length=512)


class Tokens(BaseModel):
    """An access token, for how many seconds it counts, and the refresh token for the next."""

    access_token: str
    token_type: str = "Bearer"
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
    scope: str


def tokens(refresh: Refresh) -> dict[str, Any]:
    """Return the answer that carries a family's next tokens."""
    return Tokens(
        access_token=access_token(refresh),
        expires_in=int(LASTS.total_seconds()),
        refresh_token=refresh.token,
        refresh_expires_in=refresh.lasts_s,
        scope=refresh.scope,
    ).model_dump()


@auth.post("/login")
@auth.input(Credentials, arg_name="said")
@auth.output(Tokens)
def login(said: Credentials) -> Any:
    """Log in with address and password, and a code where the account asks for one."""
    asked = set(said.scope.split())
    if not asked <= set(SCOPES):
        return problem(422, t("Scopes are: {scopes}.", scopes=", ".join(sorted(SCOPES))), fields={"scope": sorted(asked - set(SCOPES))})
    user_id = prove(said.email, said.password, said.code)
    note_login(user_id or "", right=user_id is not None)
    if user_id is None:
        return problem(401, t("The address, the password or the code is not right."))
    return tokens(begin_family(user_id, client=OWN, scope=" ".join(sorted(asked))))


@auth.post("/refresh")
@auth.input(RefreshBody, arg_name="said")
@auth.output(Tokens)
def refresh(said: RefreshBody) -> Any:
    """Turn a refresh token into the next tokens; one that comes a second time ends its whole family."""
    found = rotate(said.refresh_token, client=OWN)
    return problem(401, t("This refresh token does not count, or no longer. Log in again.")) if found is None else tokens(found)


@auth.post("/logout")
@auth.input(RefreshBody, arg_name="said")
@auth.output({}, status_code=204)
def logout(said: RefreshBody) -> Any:
    """End a family of tokens, access tokens included."""
    end_token(said.refresh_token)
    return Response(status=204)
