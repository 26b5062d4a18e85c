"""/api/v1/user, as a whole: take a copy of everything, erase everything."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from somnia_engine.text import t
from somnia_server.access.credentials import prove_again
from somnia_server.access.data_views import archive
from somnia_server.access.permissions import Action
from somnia_server.api.authority import BEARER, caller, needs
from somnia_server.api.errors import problem
from somnia_server.store.leaving import erase as erase_person

mydata = APIBlueprint("mydata", __name__, url_prefix="/api/v1/user", tag="Person")
ZIP: Any = {"application/zip": {"schema": {"type": "string", "contentMediaType": "application/zip"}}}
ARCHIVE: Any = {200: {"description": "Everything of the caller, as one archive", "content": ZIP}}


class Proof(BaseModel):
    """The password of the account, once more."""

    model_config = ConfigDict(extra="forbid")

    password: str = Field(min_length=1, max_length=1024)


@mydata.get("/export")
@mydata.doc(security=BEARER, responses=ARCHIVE)
@needs(Action.EXPORT, cost=10)
def read_export() -> Any:
    """Send everything that is kept of the caller as one zip."""
    return archive(caller())


@mydata.delete("")
@mydata.doc(security=BEARER)
@mydata.input(Proof, arg_name="said")
@mydata.output({}, status_code=204)
@needs(Action.ERASE)
def erase(said: Proof) -> Any:
    """Erase the caller and everything of theirs, for good."""
    actor = caller()
    if not prove_again(actor.id, said.password):
        return problem(403, t("The password is not right."))
    erase_person(actor, password_checked=True)
    return Response(status=204)
