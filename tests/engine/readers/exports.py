"""Exports of wearables as their makers write them, one record a line, so that a test knows which records it harmed."""

import json
import sqlite3
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2025, 3, 6, 22, tzinfo=UTC)


class Made:
    """A format's text: what stands before the records, the records, what stands between them and after."""

    def __init__(self, name: str, head: str, lines: Sequence[str], *, between: str = "\n", tail: str = "") -> None:
        self.name, self.head, self.lines, self.between, self.tail = name, head, list(lines), between, tail

    def write(self, folder: Path, lines: Sequence[bytes] | None = None) -> Path:
        """Write the file, with other lines than its own when given."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.name
        body = self.between.encode().join(lines if lines is not None else [line.encode() for line in self.lines])
        path.write_bytes(self.head.encode() + body + self.tail.encode())
        return path


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def pulses(n: int, step_s: int = 10) -> dict[str, Made]:
    """Return files with n heart rates (oxygen for one) of one night, by reader."""
    times = [START + timedelta(seconds=step_s * i) for i in range(n)]
    rates = [50 + i % 30 for i in range(n)]
    both = list(zip(times, rates, strict=True))
    return {
        "google_fit": Made(
            "google.json",
            '{"Data Source": "derived:com.google.heart_rate.bpm:x", "Data Points": [\n',
            [
                json.dumps(
                    {
                        "fitValue": [{"value": {"fpVal": r}}],
                        "endTimeNanos": _ms(t) * 10**6,
                        "dataTypeName": "com.google.heart_rate.bpm",
                        "startTimeNanos": _ms(t) * 10**6,
                    }
                )
                for t, r in both
            ],
            between=",\n",
            tail="\n]}",
        ),
        "fitbit": Made(
            "heart_rate-2025-03-06.json",
            "[\n",
            [json.dumps({"dateTime": f"{t:%m/%d/%y %H:%M:%S}", "value": {"bpm": r, "confidence": 2}}) for t, r in both],
            between=",\n",
            tail="]",
        ),
        "garmin": Made("pulse.json", "[\n", [json.dumps({"value": r, "startGMT": _ms(t)}) for t, r in both], between=",\n", tail="]"),
        "samsung_health": Made(
            "com.samsung.shealth.tracker.heart_rate.csv",
            "com.samsung.shealth.tracker.heart_rate,7006011,7\nsource,com.samsung.health.heart_rate.start_time,"
            "com.samsung.health.heart_rate.time_offset,com.samsung.health.heart_rate.heart_rate\n",
            [f"1,{t:%Y-%m-%d %H:%M:%S}.000,UTC+0000,{r}.0," for t, r in both],
        ),
        "zepp": Made("HEARTRATE.csv", "date,time,heartRate\n", [f"{t:%Y-%m-%d,%H:%M:%S},{r}" for t, r in both]),
        "withings": Made("raw_tracker_hr.csv", "start,duration,value\n", [f"{t.isoformat()},[{step_s}],[{r}]" for t, r in both]),
    }


def nights(n: int) -> dict[str, Made]:
    """Return files with n nights from 22:00 to 06:00 UTC, by reader."""
    beds = [(START + timedelta(days=i), START + timedelta(days=i, hours=8)) for i in range(n)]
    lux = ",".join(f'"LUX-{_ms(START) + 60_000 * k}-{k}.5"' for k in range(12))
    return {
        "whoop": Made(
            "sleeps.csv",
            "Cycle start time,Cycle end time,Cycle timezone,Sleep onset,Wake onset,Asleep duration (min),In bed duration (min)\n",
            [f"{a:%F %T},{b:%F %T},UTC+00:00,{a:%F %T},{b:%F %T},450,480" for a, b in beds],
        ),
        "sleep_cycle": Made(
            "sleepdata.csv",
            "Start;End;Sleep quality;Time in bed;Wake up;Sleep Notes;Heart rate;Activity (steps)\n",
            [f"{a:%F %T};{b:%F %T};83%;8:00;;;0;0" for a, b in beds],
        ),
        "oura": Made(
            "oura.json",
            '{"data": [\n',
            [
                json.dumps(
                    {
                        "bedtime_start": a.isoformat(),
                        "bedtime_end": b.isoformat(),
                        "type": "long_sleep",
                        "sleep_phase_5_min": "4" + "2" * 60 + "1" * 20 + "3" * 15,
                    }
                )
                for a, b in beds
            ],
            between=",\n",
            tail="]}",
        ),
        "sleep_as_android": Made(
            "sleep-export.csv",
            "",
            [f'Id,Tz,From,To,Sched,Hours,Rating\n"{_ms(a)}","UTC","{a:%d. %m. %Y %H:%M}","","","8.000","0.0",{lux}' for a, b in beds],
        ),
    }


def diaries(n: int) -> dict[str, Made]:
    """Return diaries of n nights in bed from 22:00 to 06:00 UTC, by reader."""
    beds = [(START + timedelta(days=i), START + timedelta(days=i, hours=8)) for i in range(n)]
    head = "record_id;bedtime;sleep;sleepdelay;awakenings;awake_duration;offset;out_ofbed;comments\n"
    return {
        "plees_tracker": Made("plees.csv", "sid,start,stop,rating\n", [f"{i},{_ms(a)},{_ms(b)},4" for i, (a, b) in enumerate(beds)]),
        "sleepmeter": Made(
            "history.csv",
            'custom_aid_id,class,name\nCUSTOM_0001,HERBAL,"a "\',\\"\n\n'
            "wake,sleep,bedtime,holes,type,dreams,aid,hindrances,tags,quality,notes\n",
            [
                f'"{b:%F %R%z}","{a + timedelta(minutes=20):%F %R%z}","{a:%F %R%z}",59-69,NIGHT_SLEEP,NONE,NONE,NONE,NONE,5,""'
                for a, b in beds
            ],
        ),
        "redcap_diary": Made(
            "diary.csv",
            head,
            [f"1;{a:%d.%m.%Y %R};{a:%d.%m.%Y %R};15;1;5;{b - timedelta(minutes=10):%d.%m.%Y %R};{b:%d.%m.%Y %R};no" for a, b in beds],
        ),
        "sleepdiary_standard": Made(
            "standard.json",
            '{"file_format": "Standard", "records": [\n',
            [json.dumps({"status": "asleep", "start": _ms(a), "end": _ms(b), "duration": 27_000_000}) for a, b in beds],
            between=",\n",
            tail="]}",
        ),
    }


def health_connect(folder: Path) -> Path:
    """Write a Health Connect database with one staged night."""
    path = folder / "health_connect_export.db"
    begin = _ms(START)
    rows = [(1, begin + k * 3_600_000, begin + (k + 1) * 3_600_000, 4 + k % 3) for k in range(8)]
    with sqlite3.connect(path) as store:
        store.executescript(
            "CREATE TABLE sleep_session_record_table(row_id, app_info_id, start_time, end_time, start_zone_offset, extra);"
            "CREATE TABLE sleep_stages_table(parent_key, stage_start_time, stage_end_time, stage_type);"
        )
        store.execute("INSERT INTO sleep_session_record_table VALUES(1, 1, ?, ?, 0, 'x')", (begin, begin + 8 * 3_600_000))
        store.executemany("INSERT INTO sleep_stages_table VALUES(?, ?, ?, ?)", rows)
    store.close()
    return path


def gadgetbridge(folder: Path) -> Path:
    """Write a Gadgetbridge database with one night of a Mi Band."""
    path = folder / "Gadgetbridge"
    begin = int(START.timestamp())
    with sqlite3.connect(path) as store:
        store.execute("CREATE TABLE MI_BAND_ACTIVITY_SAMPLE(TIMESTAMP INTEGER, DEVICE_ID INTEGER, RAW_KIND INTEGER, HEART_RATE INTEGER)")
        rows = [(begin + 60 * k, 1, 9 + 2 * (k % 50 > 30), 55) for k in range(420)]
        store.executemany("INSERT INTO MI_BAND_ACTIVITY_SAMPLE VALUES(?, ?, ?, ?)", rows)
    store.close()
    return path


def one_of_each(folder: Path) -> dict[str, tuple[Path, ...]]:
    """Write a small file of every wearable's format, by reader."""
    texts: dict[str, Made] = {**pulses(60, 60), **nights(1), **diaries(1)}
    databases: dict[str, Callable[[Path], Path]] = {"health_connect": health_connect, "gadgetbridge": gadgetbridge}
    made = {key: (text.write(folder / key),) for key, text in texts.items()}
    for key, write in databases.items():
        (folder / key).mkdir()
        made[key] = (write(folder / key),)
    return made


def ring_bin(n: int) -> bytes:
    """Return a ring's own file of n records, one each 4 s from 6 March 2025, 22:20:56."""
    head = struct.pack("<HHBBBBBIH", 3, 2025, 3, 6, 22, 20, 56, 40 + 5 * n, 4 * n).ljust(40, b"\0")
    return head + b"".join(struct.pack("<BHBB", 94 + i % 4, 60 + i % 30, i % 7, 0) for i in range(n))
