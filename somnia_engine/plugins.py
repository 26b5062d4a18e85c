"""Finds the one-file extensions: every module of a package that declares READER, EXTRACTOR or DETECTOR."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


@cache
def discover(package: str, attribute: str, *, kind: type[T]) -> tuple[T, ...]:
    """Return the declarations found in the modules of a package, in the order of their file names.

    Parameters
    ----------
    package : str
        Dotted name, for example "somnia_engine.readers".
    attribute : str
        The module-level name to collect, for example "READER".
    kind : type
        What the declaration must be an instance of.

    Raises
    ------
    TypeError
        A module declares the attribute as something else.
    """
    found = []
    for module in _modules(package):
        declared = getattr(module, attribute, None)
        if declared is None:
            continue
        if not isinstance(declared, kind):
            raise TypeError(f"{module.__name__}.{attribute} is a {type(declared).__name__}; a {kind.__name__} is needed")
        found.append(declared)
    return tuple(found)


def _modules(package: str) -> list[ModuleType]:
    home = importlib.import_module(package)
    names = sorted(info.name for info in pkgutil.iter_modules(home.__path__))
    return [importlib.import_module(f"{package}.{name}") for name in names]
