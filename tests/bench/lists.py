"""What a doctor's worklist of a thousand patients costs."""

import json
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta

from components import worklist as drawn
from somnia_engine.types.night import NightAnalysis
from somnia_server import create_server
from somnia_server.settings import Settings
from somnia_server.store import nightcodec, persons
from somnia_server.store.accounts import HOUSE, make_account
from somnia_server.store.actors import Actor, Role
from somnia_server.store.grants import Terms, put_grant
from somnia_server.store.house import now
from somnia_server.store.nights import Kept, put_night
from somnia_server.store.tables import session
from somnia_server.store.worklist import worklist
from tests.bench.measure import Row, cpu_ms

PATIENTS, NIGHTS = 1000, 3


def rows(analysis: NightAnalysis) -> Iterator[Row]:
    """Measure the list of 1,000 patients with three nights each, decryption and the rows for the browser included."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_server(Settings.from_env({"SOMNIA_INSTANCE": f"{folder}/instance", "SOMNIA_KEY_FILE": f"{folder}/keys/master.key"}))
        with app.app_context():
            doctor = _ward(analysis)

        def listed() -> None:
            with app.app_context():
                found = [drawn.row(row, {}, now()) for row in worklist(doctor)]
                assert len(json.dumps(found)) > 0

        took = cpu_ms(listed)
    yield Row("G", f"a worklist of {PATIENTS} patients, keys and decryption included", f"{took:.0f} ms", "", "≤ 300 ms", took <= 300)


def _ward(analysis: NightAnalysis) -> Actor:
    doctor = Actor(make_account(HOUSE, email="doctor@example.org", password_hash="!", role=Role.DOCTOR), Role.DOCTOR)
    blobs = nightcodec.pack_night(analysis)
    for number in range(PATIENTS):
        patient = Actor(f"u-{number:032x}", Role.USER)
        persons.take_in(patient.id, {"profile": {"name": f"Patient {number}", "birth_date": "1980-05-04"}})
        put_grant(patient, patient.id, doctor=doctor.id, terms=Terms())
        for at in range(NIGHTS):
            put_night(patient.id, blobs, kept=Kept(date(2025, 1, 1) + timedelta(days=number % 300 + at), f"{number} {at}"))
    session().commit()
    return doctor
