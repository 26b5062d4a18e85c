"""Where a long run leaves what it measured: one file for each promise in docs/reports."""

from pathlib import Path

REPORTS = Path(__file__).resolve().parents[1] / "docs" / "reports"


def keep(name: str, title: str, *, found: dict[str, str], by: str = "`make soak`; times depend on the machine") -> None:
    """Write the report of one promise: what was done, and what came out."""
    rows = [f"| {what} | {value} |" for what, value in found.items()]
    lines = [f"# {title}", "", f"Made by {by}.", "", "| what | found |", "|---|---|", *rows, ""]
    (REPORTS / f"{name}.md").write_text("\n".join(lines), encoding="utf-8")
