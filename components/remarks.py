"""Tags of a night: what each is called."""

from somnia_engine.text import Text, t

TAGS: dict[str, Text] = {
    "alcohol": Text("alcohol"),
    "caffeine": Text("coffee or tea late"),
    "late_meal": Text("late meal"),
    "exercise": Text("exercise"),
    "stress": Text("stress"),
    "illness": Text("illness"),
    "pain": Text("pain"),
    "medication": Text("new medication"),
    "screen": Text("screen in bed"),
    "travel": Text("travel"),
    "other_bed": Text("another bed"),
    "period": Text("period"),
    "shift": Text("shift work"),
    "noise": Text("noise"),
}
"""Tags that everybody is offered; any other is a person's own word."""


def tag_name(tag: str) -> str:
    """Return what a tag is called."""
    return t(TAGS[tag]) if tag in TAGS else tag
