"""Takes in an exported archive that was brought like any other file: unsealed for as long as it is read, then gone."""

from pathlib import Path

from somnia_server.store import recordings, restore
from somnia_server.store.actors import Actor
from somnia_server.store.house import house
from somnia_server.store.recordings import READY
from somnia_server.store.restore import Imported
from somnia_server.work import door

__all__ = ["Imported", "import_upload"]


def import_upload(actor: Actor, upload_id: str, *, subject: str | None = None) -> Imported | None:
    """Take an uploaded archive in for a person (the actor by default) and delete it; None when it is not theirs or not here.

    Raises
    ------
    ArchiveError, PersonError
        Nothing was taken in and the file stays; the `text` says why.
    """
    upload = recordings.find_upload(actor, upload_id)
    if upload is None or upload.state != READY:
        return None
    with door.laid_out([upload], house().settings.temp) as (path,):
        found = restore.import_zip(actor, Path(path), subject=subject)
    if found is not None:
        recordings.remove_upload(actor, upload_id)
    return found
