"""The administrator's commands that need the database: `flask somnia …`; `python -m somnia_server.cli …` leads here too."""

from collections.abc import Iterator

import click
from flask.cli import AppGroup

from somnia_server.settings import SettingsError

somnia = AppGroup("somnia", help="Look after this instance.")


@somnia.command("rotate-keys")
def rotate_keys() -> None:
    """Wrap every key by a new master key while the pages are served; run again, it goes on where it was stopped."""
    try:
        for line in rotation():
            click.echo(line)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


@somnia.command("verify-audit")
def verify_audit() -> None:
    """Check the whole audit log; the exit code is 1 when something is wrong with it."""
    lines, whole = audit_verdict()
    for line in lines:
        click.echo(line)
    if not whole:
        raise click.exceptions.Exit(1)


@somnia.command("note-backup")
def note_backup() -> None:
    """Note that a backup has come to its end; the administrator's page shows when the last one was."""
    from somnia_server.store import operations

    click.echo(f"noted: a backup ended at {operations.note_backup():%Y-%m-%d %H:%M} UTC")


def audit_verdict() -> tuple[list[str], bool]:
    """Check the audit log; return what to say of it, and whether it is whole."""
    from somnia_server.store import audit

    verdict = audit.verify()
    return [f"{verdict.entries} entries, {len(verdict.faults)} faults", *map(str, verdict.faults)], not verdict.faults


@somnia.command("add-client")
@click.option("--name", required=True, help="what people are told that the program is called")
@click.option(
    "--redirect", "redirects", required=True, multiple=True, help="an address at which it is answered; may be said more than once"
)
@click.option("--scope", required=True, help="what it may ask for, such as 'nights:read profile:read'")
def register(name: str, redirects: tuple[str, ...], scope: str) -> None:
    """Register a program of others, which people may then let act for them; print its client id."""
    from somnia_engine.text import t
    from somnia_server.access.oauth import ClientError, register_client
    from somnia_server.store.accounts import HOUSE

    try:
        click.echo(register_client(HOUSE, name=name, redirect_uris=redirects, scope=scope))
    except ClientError as error:
        raise click.ClickException(t(error.text)) from error


@somnia.command("remove-client")
@click.argument("client_id")
def withdraw(client_id: str) -> None:
    """Withdraw a program of others; what people allowed it ends at once."""
    from somnia_server.store.accounts import HOUSE
    from somnia_server.store.clients import remove_client

    if not remove_client(HOUSE, client_id):
        raise click.ClickException("there is no program of this id")
    click.echo("it is withdrawn, and so is everything that it was allowed")


def rotation() -> Iterator[str]:
    """Rotate the master key; yield what an administrator should know. SettingsError when it was in vain."""
    from somnia_server.store.rotation import rotate

    done = rotate()
    yield f"{done.rewrapped} keys were moved to the master key {done.master}"
    if done.retired is not None:
        yield f"the former one stays in {done.retired}: delete it when no backup from before today is needed any more"
    if done.unreadable:
        raise SettingsError(f"{done.unreadable} keys could not be opened by any master key and stay as they are")
