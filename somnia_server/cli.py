"""The administrator's commands: `python -m somnia_server.cli init | prepare-demo | run | …`."""

import argparse
import getpass
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType

from somnia_server.safe_start import MISSING, for_keyboard, ready
from somnia_server.settings import PROJECT, Settings, SettingsError

GRACE_S = 10.0
WATCH_S = 0.5
RESTART_S = 1.0
THREADS = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 2 when the settings cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m somnia_server.cli", description=__doc__)
    commands = {
        "init": _init,
        "prepare-demo": _prepare_demo,
        "analyze-demo": _analyze_demo,
        "run": _run,
        "purge": _purge,
        "rotate-keys": _rotate_keys,
        "verify-audit": _verify_audit,
        "has-admin": _has_admin,
    }
    makes = {"create-admin": "admin", "create-doctor": "doctor"}
    parser.add_argument("command", choices=sorted([*commands, *makes]))
    parser.add_argument("--email", default="", help="the address of the account that create-admin or create-doctor makes")
    given = parser.parse_args(arguments)
    try:
        settings = ready() if given.command == "run" else for_keyboard()
        if given.command in makes:
            return _make_staff(settings, given.email, makes[given.command])
        return commands[given.command](settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2


def _init(settings: Settings) -> int:
    from somnia_server import create_server
    from somnia_server.store.masters import Masters

    create_server(settings)
    print(f"data: {settings.instance}\nkey:  {Masters(settings).place} (keep a copy of it, on another disk than the data)")
    return 0


def _make_staff(settings: Settings, email: str, role: str) -> int:
    from somnia_server import create_server
    from somnia_server.access.staff import make_staff
    from somnia_server.store.accounts import HOUSE, AccountError
    from somnia_server.store.actors import Role

    password = os.environ.get(f"SOMNIA_{role.upper()}_PASSWORD") or getpass.getpass(f"Password of the new account ({role}): ")
    try:
        with create_server(settings).app_context():
            print(f"account made: {make_staff(HOUSE, email=email, password=password, role=Role(role))} ({role})")
    except AccountError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _prepare_demo(settings: Settings) -> int:
    from somnia_engine.synthetic import DEMOS, write_demo

    settings.prepare()
    for demo in DEMOS:
        folder, draft = settings.demo / demo.key, settings.demo / f".{demo.key}"
        if folder.is_dir():
            continue
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        write_demo(demo.key, draft)
        draft.rename(folder)
        print(f"demo prepared: {demo.key}")
    return 0


def _analyze_demo(settings: Settings) -> int:
    from somnia_server.work.demos import analyze_demos

    print(f"demos analyzed: {analyze_demos(settings)}")
    return 0


def _purge(settings: Settings) -> int:
    from somnia_server import create_server
    from somnia_server.work.worker import sweep

    with create_server(settings).app_context():
        sweep()
    return 0


def _verify_audit(settings: Settings) -> int:
    from somnia_server import create_server
    from somnia_server.commands import audit_verdict

    with create_server(settings).app_context():
        lines, whole = audit_verdict()
    print(*lines, sep="\n")
    return 0 if whole else 1


def _has_admin(settings: Settings) -> int:
    if settings.lacks_key:  # without a key nobody was ever made, and asking should not make one
        return MISSING
    from somnia_server import create_server
    from somnia_server.store.accounts import has_admin

    with create_server(settings).app_context():
        return 0 if has_admin() else MISSING


def _rotate_keys(settings: Settings) -> int:
    from somnia_server import create_server
    from somnia_server.commands import rotation

    with create_server(settings).app_context():
        for line in rotation():
            print(line)
    return 0


def _run(settings: Settings) -> int:
    for command in ("init", "prepare-demo"):  # in processes of their own: what they import does not stay here
        done = subprocess.run([sys.executable, "-m", "somnia_server.cli", command], cwd=PROJECT, check=False)
        if done.returncode:
            return done.returncode
    worker = [sys.executable, "-m", "somnia_server.work.worker"]
    beside = subprocess.Popen([sys.executable, "-m", "somnia_server.cli", "analyze-demo"], cwd=PROJECT)  # the next start goes on with it
    print(f"SOMNIA is on its way: http{'s' if settings.tls else ''}://{settings.host}:{settings.port}")
    try:
        return _supervise([web_command(settings), *[worker] * settings.workers])
    finally:
        beside.kill()
        beside.wait()


def web_command(settings: Settings) -> list[str]:
    """Return how the web server is started; it writes no log of addresses, since some of them carry tokens."""
    server = [sys.executable, "-m", "gunicorn", "-k", "gthread", "--threads", str(THREADS), "-w", "1", "--timeout", "0"]
    return [*server, "--graceful-timeout", "5", "--no-control-socket", "-b", f"{settings.host}:{settings.port}", "app:server"]


def _supervise(commands: Sequence[Sequence[str]]) -> int:
    """Keep the processes running until this one is told to stop; the first is the web server, whose early end ends all."""
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    running = [subprocess.Popen(command, cwd=PROJECT) for command in commands]
    while not stopping:
        time.sleep(WATCH_S)
        if running[0].poll() is not None:
            break
        for i, process in enumerate(running):
            if process.poll() is not None and not stopping:
                time.sleep(RESTART_S)
                running[i] = subprocess.Popen(commands[i], cwd=PROJECT)
    return _end_all(running, stopping=stopping)


def _end_all(running: Sequence[subprocess.Popen[bytes]], *, stopping: bool) -> int:
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
    return 0 if stopping else running[0].returncode or 1


if __name__ == "__main__":
    sys.exit(main())
