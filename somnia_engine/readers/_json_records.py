"""The records of a JSON export, one by one in bounded memory; a damaged spot costs its own record only."""

import json
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from somnia_engine.readers._members import BROKEN_ZIP, Member, text_of

_BLOCK = 1 << 20
_MOST = 1 << 23
"""A record longer than this [characters] is looked for in its parts."""
_MOST_DEPTH = 12
Record = dict[str, Any]


def records(member: Member, wanted: Callable[[Record], bool], on_broken: Callable[[], None]) -> Iterator[Record]:
    """Yield every object of a JSON file for which `wanted` holds, at whatever depth, outermost first.

    Parameters
    ----------
    wanted : function (object) -> bool
        An object that is wanted is yielded and not searched further.
    on_broken : function () -> None
        Called for each object that could not be read; its inner objects are tried on their own.
    """
    try:
        with member.open() as stream, text_of(stream) as text:
            for found in _objects(text, on_broken):
                yield from _walk(found, wanted, 0)
    except BROKEN_ZIP:
        on_broken()


def _walk(value: object, wanted: Callable[[Record], bool], depth: int) -> Iterator[Record]:
    if depth > _MOST_DEPTH:
        return
    if isinstance(value, dict):
        if wanted(value):
            yield value
            return
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            if isinstance(part, dict | list):
                yield from _walk(part, wanted, depth + 1)


def _objects(text: TextIO, on_broken: Callable[[], None]) -> Iterator[object]:
    """Yield the outermost objects that can be read; where one cannot, those inside it."""
    at_end = False
    decode = json.JSONDecoder(strict=False).raw_decode
    buffer, at = "", 0
    while True:
        at = buffer.find("{", at)
        if at < 0 or (at > _BLOCK and not at_end):
            buffer, at = buffer[at:] if at >= 0 else "", 0
            block = text.read(_BLOCK)
            at_end = not block
            if at_end and not buffer:
                return
            buffer += block
            continue
        try:
            value, at = decode(buffer, at)
            yield value
        except (ValueError, RecursionError) as error:
            where = getattr(error, "pos", at)
            ran_out = where >= len(buffer) - 64 or "Unterminated" in str(error)
            if ran_out and not at_end and len(buffer) - at < _MOST:
                block = text.read(max(_BLOCK, len(buffer)))
                at_end = not block
                buffer, at = buffer[at:] + block, 0
                continue
            at += 1
            on_broken()
