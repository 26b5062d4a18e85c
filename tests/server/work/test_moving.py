import pytest

from somnia_server.settings import Settings
from somnia_server.store import nights, recordings
from somnia_server.store.archive import ArchiveError
from somnia_server.store.nights import Kept
from somnia_server.store.tables import NightRow, session
from somnia_server.work.moving import Imported, import_upload
from tests.server.conftest import make_account, make_night
from tests.server.store.test_privacy import DAY, ME, exported, members, rebuilt
from tests.server.store.test_retention import bring

pytestmark = pytest.mark.usefixtures("context")


def brought(actor, content: bytes) -> str:
    upload_id = recordings.add_upload(actor, "../somnia export.zip", size=len(content))
    with recordings.open_writer(recordings.find_upload(actor, upload_id)) as writer:
        for at in range(0, len(content), 1 << 18):
            writer.write(content[at : at + (1 << 18)])
        writer.finish()
    recordings.mark_ready(actor, upload_id, sha256="s")
    return upload_id


def test_an_archive_that_was_uploaded_is_taken_in_and_gone(settings: Settings):
    nights.save_night(ME.id, make_night(), kept=Kept(DAY, "f"))
    content = exported(ME)
    other = make_account()
    upload_id = brought(other, content)
    assert import_upload(ME, upload_id) is None
    assert import_upload(other, upload_id) == Imported(nights=1, known_nights=0, uploads=0, consents=0)
    assert [summary.night for summary in nights.list_nights(other)] == [DAY]
    assert recordings.list_uploads(other) == ()
    assert list(settings.temp.iterdir()) == []


def test_an_archive_that_is_refused_stays_for_its_owner_to_remove(settings: Settings):
    other = make_account()
    content = rebuilt(members(exported(ME)), manifest=lambda said: said.update(version=9))
    upload_id = brought(other, content)
    with pytest.raises(ArchiveError):
        import_upload(other, upload_id)
    assert [upload.id for upload in recordings.list_uploads(other)] == [upload_id]
    assert session().query(NightRow).count() == 0
    assert list(settings.temp.iterdir()) == []


def test_a_file_that_is_no_archive_or_has_not_arrived_is_not_taken_in():
    other = make_account()
    with pytest.raises(ArchiveError):
        import_upload(other, bring(other))
    assert import_upload(other, recordings.add_upload(other, "x.zip", size=5)) is None
    assert import_upload(other, "none") is None
