"""Demo nights that were analyzed before anybody asked: they lie beside the demo's files, and whoever wants to look gets a copy."""

import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from somnia_engine.types.night import NightAnalysis
from somnia_server.settings import Settings
from somnia_server.store import nightcodec
from somnia_server.store.actors import Actor
from somnia_server.store.house import house, now
from somnia_server.store.nights import Kept, put_night
from somnia_server.store.people import note_visitor
from somnia_server.store.reach import acts_for
from somnia_server.store.retention import night_stays_until
from somnia_server.store.tables import session

FOLDER = "analyzed"
"""Beside the folders of the demos' files. Nobody slept these nights, so nothing of them is sealed."""
SUMMARY, SERIES, STAMP = ".summary", ".series", "stamp"
PREFIX = "demo-night-"


def put_demo_nights(settings: Settings, key: str, *, nights: Iterable[tuple[date, NightAnalysis]], stamp: str = "") -> None:
    """Keep a demo's analyzed nights in its folder, all of them or none; `stamp` says by which engine."""
    folder, draft = settings.demo / FOLDER / key, settings.demo / FOLDER / f".{key}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for night, analysis in nights:
        for suffix, blob in zip((SUMMARY, SERIES), nightcodec.pack_night(analysis), strict=True):
            (draft / f"{night.isoformat()}{suffix}").write_bytes(blob)
    (draft / STAMP).write_text(stamp, encoding="ascii")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def has_demo_nights(settings: Settings, key: str) -> bool:
    """Return whether a demo's nights were analyzed; False for a name that no demo has."""
    return key == Path(key).name and key != "" and (settings.demo / FOLDER / key).is_dir()


def stamp_of(settings: Settings, key: str) -> str | None:
    """Return by which engine a demo was analyzed; None when it was not."""
    path = settings.demo / FOLDER / key / STAMP
    return path.read_text(encoding="ascii") if path.is_file() else None


def demo_folder(key: str) -> Path | None:
    """Return where a demo's analyzed nights lie; None while they do not, and for a name that no demo has."""
    settings = house().settings
    return settings.demo / FOLDER / key if has_demo_nights(settings, key) else None


def last_night_in(folder: Path) -> NightAnalysis:
    """Return the last night of a demo that was analyzed."""
    return nightcodec.unpack_night(*_blobs(folder)[-1][1])


def give_demo_nights(actor: Actor, key: str) -> str | None:
    """Keep a copy of a demo's nights as the actor's own demo nights, and commit; the last one's id, None when there are none to give."""
    folder = demo_folder(key) if acts_for(actor, actor.id) else None
    if folder is None:
        return None
    found = _blobs(folder)
    note_visitor(actor.id)
    until = night_stays_until(actor.id, now())
    given = [put_night(actor.id, blobs, kept=Kept(night, f"{PREFIX}{key}-{night}", demo=True, expires_at=until)) for night, blobs in found]
    session().commit()
    return given[-1]


def _blobs(folder: Path) -> list[tuple[date, tuple[bytes, bytes]]]:
    """Return a demo's nights in order of time, each with its summary and its series."""
    summaries = sorted(folder.glob(f"*{SUMMARY}"))
    return [(date.fromisoformat(path.stem), (path.read_bytes(), path.with_suffix(SERIES).read_bytes())) for path in summaries]
