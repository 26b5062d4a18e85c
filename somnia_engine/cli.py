"""The command line: `somnia_engine analyse FILE... --out night.json` and `listen FILE... --out sounds.json`; progress on stderr."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from somnia_engine.cli_packet import add_commands, read_file
from somnia_engine.edge import add_command as add_edge
from somnia_engine.errors import ReadError, SomniaError
from somnia_engine.subjects import read_subject
from somnia_engine.text import Text
from somnia_engine.types.night import NightAnalysis
from somnia_engine.types.recording import ReadOptions, Recording, Subject

DONE, BAD_INPUT = 0, 2
READ_SHARE = 0.3


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0 done, 2 bad input (one line per refused file on stderr)."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except RefusedFilesError as refused:
        for line in refused.lines:
            _say(line)
        return BAD_INPUT
    except SomniaError as error:
        _say(str(error))
        return BAD_INPUT
    return DONE


class RefusedFilesError(SomniaError):
    """Several refusals at once: one line a file."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__(Text("{n} files were refused.", {"n": len(lines)}))
        self.lines = tuple(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="somnia_engine", description="Sleep analysis: a night's files in, one JSON document out.")
    commands = parser.add_subparsers(dest="command", required=True)
    analyse = commands.add_parser("analyse", help="analyze one night", description="Analyze the files of one night.")
    _add_night(analyse)
    analyse.add_argument("--key", type=Path, metavar="KEY", help="the key of the device, when the file is a feature packet")
    analyse.add_argument("--out", required=True, metavar="night.json", help="where the document goes; - is standard output")
    analyse.set_defaults(run=_analyse)
    text = "Print what the models and rules reach: the stored figures, or measured anew over a folder of recordings."
    judge = commands.add_parser("evaluate", help="print what the models reach", description=text)
    where = judge.add_mutually_exclusive_group()
    where.add_argument("--stored", action="store_true", help="the figures that the models were shipped with (the default)")
    where.add_argument("--data", type=Path, metavar="DIR", help="train and judge anew, each person by the others (hours)")
    where.add_argument("--heldout", type=Path, metavar="DIR", help="judge the shipped models on people never seen")
    judge.add_argument("--only", action="append", default=[], metavar="MODEL", help="one model; may be given several times")
    judge.add_argument("--out", metavar="scores.json", help="write the rows as JSON too; - is standard output, instead of the table")
    judge.set_defaults(run=_evaluate)
    text = "Say what is heard in each second of sound files, of any number and length."
    listen = commands.add_parser("listen", help="say what is heard in sounds", description=text)
    listen.add_argument("files", nargs="+", type=Path, metavar="FILE", help="sound files")
    listen.add_argument("--out", required=True, metavar="sounds.json", help="where the document goes; - is standard output")
    listen.set_defaults(run=_listen)
    add_commands(commands, _analysed, night_options=_add_night)
    add_edge(commands)
    return parser


def _add_night(command: argparse.ArgumentParser) -> None:
    """Add what describes a night: its files and what the person says of it."""
    command.add_argument("files", nargs="+", type=Path, metavar="FILE", help="recordings of one night, in any order")
    command.add_argument("--night", metavar="YYYY-MM-DD", help="which night of a file with several: the date of its evening")
    command.add_argument("--zone", metavar="ZONE", help="time zone of the night, for example Europe/Berlin")
    command.add_argument("--start", metavar="ISO", help="start of the night, and of files that count from 0")
    command.add_argument("--lights-off", metavar="ISO", help="when you went to bed to sleep")
    command.add_argument("--lights-on", metavar="ISO", help="when you got up")
    command.add_argument("--full-scale-db", type=float, metavar="DB", help="calibration of the microphone: level of 0 dB re full scale")
    command.add_argument("--subject", type=Path, metavar="subject.json", help="what is known of the person")


def _analyse(arguments: argparse.Namespace) -> None:
    from somnia_engine.document import to_document

    write_json(to_document(_analysed(arguments)), arguments.out)


def _analysed(arguments: argparse.Namespace) -> NightAnalysis:
    from somnia_engine.analyse import AnalysisOptions, analyse

    _check_zone(arguments.zone)
    start, off, on = (_moment(arguments, name) for name in ("start", "lights_off", "lights_on"))
    subject = read_subject(arguments.subject) if arguments.subject else Subject()
    options = ReadOptions(zone=arguments.zone, start=start, night=_night(arguments.night), full_scale_db=arguments.full_scale_db)
    recordings = _read_all(arguments.files, options, key=arguments.key)
    said = AnalysisOptions(start=start, lights_off=off, lights_on=on, zone=arguments.zone, subject=subject)
    return analyse(recordings, options=said, progress=lambda stage, share: _progress(stage, READ_SHARE + (1 - READ_SHARE) * share))


def _evaluate(arguments: argparse.Namespace) -> None:
    from somnia_engine.evaluation import measured, stored, table

    folder: Path | None = arguments.heldout or arguments.data
    if folder is None:
        found = stored(arguments.only)
    else:
        found = measured(folder, heldout=arguments.heldout is not None, only=arguments.only, tell=_progress)
    if arguments.out:
        _write(json.dumps({"scores": found}, ensure_ascii=False, indent=1, allow_nan=False), arguments.out)
    if arguments.out != "-":
        sys.stdout.write(table(found) + "\n")


def _listen(arguments: argparse.Namespace) -> None:
    """Hear every file; those that cannot be heard are named in the document and on stderr, the others are all the same heard."""
    from somnia_engine.listen import listen_lines

    refused: list[str] = []
    _write("".join(listen_lines(arguments.files, refused, progress=lambda share: _progress("listen", share))).rstrip(), arguments.out)
    if refused:
        raise RefusedFilesError(refused)


def _read_all(files: Sequence[Path], options: ReadOptions, *, key: Path | None) -> list[Recording]:
    """Read every file; all refusals are collected, so that one run tells everything that is wrong."""
    recordings, refusals = [], []
    for number, path in enumerate(files):
        _progress("read", READ_SHARE * number / len(files))
        try:
            recordings.append(read_file(path, options, key=key))
        except SomniaError as error:
            refusals.append(_named(path, error))
    if refusals:
        raise RefusedFilesError(refusals)
    return recordings


def _named(path: Path, error: SomniaError) -> str:
    sentence = " ".join(str(error).split())
    return sentence if path.name in sentence else f"{path.name}: {sentence}"


def _night(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SomniaError(Text("--night {given} is not a date. Write it as 2025-03-08.", {"given": text[:40]})) from error


def _check_zone(zone: str | None) -> None:
    if zone is None:
        return
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise SomniaError(Text("--zone {given} is not a time zone. Give a name such as Europe/Berlin.", {"given": zone[:60]})) from error


def _moment(arguments: argparse.Namespace, name: str) -> datetime | None:
    """Return an option as an aware datetime; one without an offset is local time in --zone."""
    text: str | None = getattr(arguments, name)
    if text is None:
        return None
    values: dict[str, str | int | float | Text] = {"option": "--" + name.replace("_", "-"), "given": text[:60]}
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise SomniaError(Text("{option} {given} is not a time. Write it as 2025-03-08T23:10+01:00.", values)) from error
    if at.utcoffset() is not None:
        return at
    if arguments.zone is None:
        raise SomniaError(Text("{option} {given} has no time zone. Add an offset such as +01:00, or give --zone.", values))
    return at.replace(tzinfo=ZoneInfo(arguments.zone))


def write_json(document: object, out: str) -> None:
    """Write a document to a file, or to standard output."""
    _write(json.dumps(document, ensure_ascii=False, allow_nan=False), out)


def _write(document: str, out: str) -> None:
    if out == "-":
        sys.stdout.write(document + "\n")
        return
    try:
        Path(out).write_text(document + "\n", encoding="utf-8")
    except OSError as error:
        raise ReadError(
            Text("{name} cannot be written: {reason}", {"name": out, "reason": error.strerror or type(error).__name__})
        ) from error


def _progress(stage: str, share: float) -> None:
    _say(f"{stage:8s} {100 * share:3.0f} %")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
