"""What three years of one person cost out of a million nights (P11): found, unsealed and made ready to draw."""

import secrets
import tempfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import insert, update

from somnia_engine.types.night import NightAnalysis
from somnia_server import create_server
from somnia_server.settings import Settings
from somnia_server.store import nightcodec, nights, trendcodec
from somnia_server.store.actors import Actor
from somnia_server.store.house import house
from somnia_server.store.nights import Kept
from somnia_server.store.tables import NightRow, TrendRow, session
from somnia_server.store.trends import TABLE, load_trend
from tests.bench.measure import Row, cpu_ms

YEARS, MILLION, AT_ONCE = 1096, 1_000_000, 20_000
FIRST = date(2022, 1, 1)
ME = Actor.owner("u-" + "b" * 32)
LEAST_BLOB = b"x" * 100
"""What the others' nights weigh here: their sealed bytes are never read."""


def rows(analysis: NightAnalysis) -> Iterator[Row]:
    """Measure the trend of three years, a night each day, beside a million nights of others."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_server(Settings.from_env({"SOMNIA_INSTANCE": f"{folder}/instance", "SOMNIA_KEY_FILE": f"{folder}/keys/master.key"}))
        with app.app_context():
            _fill(analysis)

        def asked() -> None:
            with app.app_context():  # a request of its own: its owner's key is read and unwrapped again
                assert len(load_trend(ME)) == YEARS

        took = cpu_ms(asked)
        yield Row("P11", "a trend of 3 years out of 1 M nights, unsealed", f"{took:.0f} ms", "SQL alone 1.2 ms", "≤ 50 ms", took <= 50)


def _fill(analysis: NightAnalysis) -> None:
    first = nights.save_night(ME.id, analysis, kept=Kept(FIRST, "bench"))
    whole = session().get_one(NightRow, first)
    packed = trendcodec.pack(nightcodec.unpack_summary(nightcodec.pack_night(analysis)[0]))
    mine, small = [], []
    for i in range(1, YEARS):
        row = secrets.token_hex(16)
        mine.append(_night(row, ME.id, i, blobs=(whole.sealed_summary, whole.sealed_series)))
        small.append({"night_id": row, "owner": ME.id, "sealed_trend": house().vault.seal(packed, table=TABLE, row=row, owner=ME.id)})
    session().execute(insert(NightRow), mine)
    session().execute(insert(TrendRow), small)
    session().execute(update(NightRow).where(NightRow.owner == ME.id).values(state="ready"))
    for begin in range(0, MILLION, AT_ONCE):
        others = range(begin, begin + AT_ONCE)
        session().execute(
            insert(NightRow), [_night(f"{i:032x}", f"u-{i // YEARS:032x}", i % YEARS, blobs=(LEAST_BLOB, LEAST_BLOB)) for i in others]
        )
    session().commit()


def _night(row: str, owner: str, day: int, *, blobs: tuple[bytes, bytes]) -> dict[str, object]:
    return {
        "id": row,
        "owner": owner,
        "night": FIRST + timedelta(days=day),
        "state": "ready",
        "demo": False,
        "fingerprint": row,
        "created_at": datetime.fromisoformat("2025-01-01T00:00:00+00:00"),
        "expires_at": None,
        "sealed_summary": blobs[0],
        "sealed_series": blobs[1],
    }
