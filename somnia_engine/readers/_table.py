"""Text tables: encoding, delimiter and rows in bounded memory, whatever stands in the file."""

import csv
from collections.abc import Iterator
from pathlib import Path

from somnia_engine.errors import DamagedFile, ReadError
from somnia_engine.text import Said, Text

MAX_BYTES = 600_000_000
MAX_COLUMNS = 500
_BLOCK = 1 << 20
_ROWS = 50_000
_DELIMITERS = ",;\t"


def encoding_of(head: bytes) -> str:
    """Return the encoding that the first bytes tell; UTF-8 when they tell none."""
    return "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def header_of(head: bytes) -> tuple[list[str], str]:
    """Return the column names of the first line and the delimiter; no names when the first line is not a header."""
    even = head[: len(head) // 2 * 2]
    first, *rest = even.decode(encoding_of(head), errors="replace").replace("\r", "\n").split("\n", 1)
    if (not rest and len(head) >= 65536) or "\0" in first:
        return [], ","
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        row = next(csv.reader([first], delimiter=delimiter), [])
    except csv.Error:
        return [], ","
    return [name.strip() for name in row], delimiter


def guard(path: Path) -> None:
    """Refuse a file that is too large for a night's table; raises ReadError."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        said: Said = {"name": path.name, "size": size // 1_000_000, "most": MAX_BYTES // 1_000_000}
        raise ReadError(Text("{name} has {size} MB; a table may have up to {most} MB. Split it into single nights.", said))


def open_table(path: Path) -> tuple[list[str], str, str]:
    """Return the column names, the delimiter and the encoding; raises ReadError when it is too large or no table."""
    guard(path)
    with path.open("rb") as file:
        head = file.read(65536)
    names, delimiter = header_of(head)
    if not names or len(names) > MAX_COLUMNS:
        said: Said = {"name": path.name, "n": len(names), "most": MAX_COLUMNS}
        raise DamagedFile(
            Text("{name} does not begin with a header row of 1 to {most} columns. Write the column names in the first line.", said)
        )
    return names, delimiter, encoding_of(head)


def row_chunks(path: Path, encoding: str, *, delimiter: str) -> Iterator[tuple[list[list[str]], int]]:
    """Yield the rows below the header in chunks, empty lines left out, with the number of rows that could not be made out."""
    lines = _lines(path, encoding)
    next(lines, None)
    reader = csv.reader(lines, delimiter=delimiter)
    rows: list[list[str]] = []
    broken = 0
    while True:
        try:
            for row in reader:
                if row:
                    rows.append(row)
                if len(rows) >= _ROWS:
                    yield rows, broken
                    rows, broken = [], 0
            break
        except csv.Error:
            broken += 1
    yield rows, broken


def _lines(path: Path, encoding: str) -> Iterator[str]:
    """Yield lines; a line longer than a block raises DamagedFile before it fills the memory."""
    with path.open(encoding=encoding, errors="replace", newline=None) as file:
        rest = ""
        while block := file.read(_BLOCK):
            *whole, rest = (rest + block).split("\n")
            yield from whole
            if len(rest) > _BLOCK:
                raise DamagedFile(
                    Text("{name} has a line of more than a million characters. It is not a table that I can read.", {"name": path.name})
                )
        if rest:
            yield rest
