"""Languages: each is one `.po` file in `locales/`, read without a compile step; English needs none."""

from functools import cache
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.pofile import read_po
from flask import Flask, g, request
from werkzeug.datastructures import LanguageAccept

from somnia_engine.text import Catalogue, speaking

LOCALES = Path(__file__).resolve().parent / "locales"
ENGLISH = "en"
COOKIE = "somnia_language"


@cache
def languages() -> tuple[str, ...]:
    """Return the codes of the languages that pages can speak, English first."""
    return (ENGLISH, *sorted(path.stem for path in LOCALES.glob("*.po")))


def language_name(code: str) -> str:
    """Return what a language is called in itself."""
    try:
        return Locale.parse(code, sep="-" if "-" in code else "_").get_display_name() or code
    except (UnknownLocaleError, ValueError):
        return code


@cache
def messages(code: str) -> dict[str, str]:
    """Return the translations of a language, by English sentence; empty for English."""
    path = LOCALES / f"{code}.po"
    if code not in languages() or not path.is_file():
        return {}
    with path.open("rb") as file:
        catalog = read_po(file, locale=code)
    return {str(m.id): str(m.string) for m in catalog if m.id and m.string and not m.fuzzy}


def catalogue(code: str) -> Catalogue:
    """Return the function that translates into a language; what it does not know stays English."""
    known = messages(code)
    return lambda msgid: known.get(msgid, msgid)


def choose(cookie: str | None, accepted: LanguageAccept) -> str:
    """Return the language to speak: the chosen one, else the first that the browser names and pages can speak."""
    if cookie in languages():
        return cookie
    return accepted.best_match(languages(), default=ENGLISH) or ENGLISH


def language_now() -> str:
    """Return the language of the current request."""
    return choose(request.cookies.get(f"__Host-{COOKIE}") or request.cookies.get(COOKIE), request.accept_languages)


def init_languages(app: Flask) -> None:
    """Speak each request's language while it is answered."""
    app.before_request(_begin)
    app.teardown_request(_end)


def _begin() -> None:
    g.speaking = speaking(catalogue(language_now()))
    g.speaking.__enter__()


def _end(_error: BaseException | None) -> None:
    block = g.pop("speaking", None)
    if block is not None:
        block.__exit__(None, None, None)
