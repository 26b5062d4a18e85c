"""Rows of text tables read line by line, so that a damaged line never swallows its neighbors."""

import csv
from collections.abc import Callable, Iterator
from typing import NamedTuple

from somnia_engine.readers._members import BROKEN_ZIP, Member, head_of, text_of

_MOST_LINE = 1 << 20


class Table(NamedTuple):
    """Column names as written, without the marks of a byte order, and the rows below as name -> cell."""

    names: list[str]
    rows: Iterator[dict[str, str]]


def cells(line: str, delimiter: str) -> list[str]:
    """Return the cells of one line; none when it cannot be made out."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


def lines_of(member: Member, on_broken: Callable[[], None]) -> Iterator[str]:
    """Yield the lines of a member; one that is far too long is dropped."""
    head = head_of(member, 2)
    try:
        with member.open() as stream, text_of(stream, head) as text:
            while line := text.readline(_MOST_LINE):
                if len(line) >= _MOST_LINE:
                    on_broken()
                elif line.strip():
                    yield line.rstrip("\n")
    except (*BROKEN_ZIP, UnicodeError):
        on_broken()


def table(member: Member, on_broken: Callable[[], None], *, delimiter: str = ",", skip: int = 0) -> Table:
    """Return a table; a row whose width is not the header's is broken, but for one empty cell at its end."""
    lines = lines_of(member, on_broken)
    for _ in range(skip):
        next(lines, None)
    names = cells(next(lines, ""), delimiter)

    def rows() -> Iterator[dict[str, str]]:
        for line in lines:
            row = cells(line, delimiter)
            if len(row) == len(names) + 1 and not row[-1]:
                row.pop()
            if len(row) == len(names):
                yield dict(zip(names, row, strict=True))
            else:
                on_broken()

    return Table(names, rows())


def first_line(head: bytes) -> str:
    """Return the first line of a file's head as plain text."""
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    even = head[: len(head) // 2 * 2]
    return even.decode(encoding, errors="replace").replace("\r", "\n").split("\n", 1)[0].strip()
