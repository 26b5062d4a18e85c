"""What the administration page does with messages for the displays."""

from datetime import date

from pages._acts import Act, Said
from somnia_engine.text import Text
from somnia_server.store import clinic_notes
from somnia_server.store.actors import Actor
from somnia_server.store.refusals import RefusalError

DONE = Text("Done.")
GONE = Text("This is no longer here. The page shows how things stand now.")


def write(actor: Actor, _key: str, said: Said) -> Text:
    """Show words on every display."""
    try:
        last_day = date.fromisoformat(said.get("note_until") or "")
    except ValueError:
        raise RefusalError(Text("Give the last day on which the message is shown.")) from None
    clinic_notes.write(actor, said.get("note_text") or "", last_day=last_day)
    return DONE


ACTS: dict[str, Act] = {
    "write_note": write,
    "remove_note": lambda actor, key, _: DONE if clinic_notes.remove(actor, key) else GONE,
}
