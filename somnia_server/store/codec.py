"""Engine values as JSON and back, by their annotations: what travels to and from a child process and into sealed blobs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import numpy as np

from somnia_engine.text import Text

T = TypeVar("T")


def dumps(value: object) -> bytes:
    """Return a value of frozen dataclasses, Texts, times, numbers and their tuples and mappings as JSON."""
    return json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=False).encode()


def loads(kind: type[T], data: bytes) -> T:
    """Return the value of the given type that `dumps` wrote."""
    return cast(T, _typed(kind, json.loads(data)))


def _plain(value: Any) -> Any:
    plain = value
    if isinstance(value, Enum):
        plain = value.value
    elif isinstance(value, Text):
        plain = {"text": value.msgid, "values": {k: _plain(v) for k, v in value.values.items()}}
    elif isinstance(value, datetime | date):
        plain = value.isoformat()
    elif is_dataclass(value):
        plain = {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    elif isinstance(value, Mapping):
        plain = {str(k): _plain(v) for k, v in value.items()}
    elif isinstance(value, np.generic):
        plain = value.item()
    elif isinstance(value, Sequence) and not isinstance(value, str):
        plain = [_plain(v) for v in value]
    return plain


def _text(data: Any) -> Text:
    values = {k: _text(v) if isinstance(v, dict) else v for k, v in data.get("values", {}).items()}
    return Text(data["text"], values)


def _typed(kind: Any, data: Any) -> Any:
    if kind is str or kind is float or kind is int:  # most of a night: not worth a look at its type
        return kind(data)
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        value = None if data is None and NoneType in args else _typed(next(a for a in args if a is not NoneType), data)
    elif origin is tuple:
        kinds = [args[0]] * len(data) if args[-1] is Ellipsis else args
        value = tuple(_typed(k, v) for k, v in zip(kinds, data, strict=True))
    elif origin is not None and issubclass(origin, Mapping):
        value = {k: _typed(args[1], v) for k, v in data.items()}
    elif kind is Text:
        value = _text(data)
    elif kind in (datetime, date):
        value = kind.fromisoformat(data)
    elif is_dataclass(kind):
        value = cast(Any, kind)(**{name: _typed(hint, data[name]) for name, hint in _hints(cast(type, kind)) if name in data})
    else:
        value = kind(data)
    return value


@cache
def _hints(kind: type) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((f.name, hints[f.name]) for f in fields(cast(Any, kind)))
