import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment

from somnia_engine.catalogue import disorders, room_ranges
from somnia_server import i18n

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("components", "pages", "somnia_engine", "somnia_server")
LOCALES = sorted(i18n.LOCALES.glob("*.po"))
COMPLETE = {"de"}
"""Languages in which every sentence is said; in another, English stands in for a missing one."""


def places(sentence: str) -> list[tuple[str, str, str]]:
    """Return the places of a sentence as they are written: name, format and conversion."""
    return sorted((name, form or "", how or "") for _, name, form, how in string.Formatter().parse(sentence) if name)


def sentences() -> set[str]:
    """Return every sentence of the code and the templates: what stands in t(...) or Text(...), and in the catalogue."""
    files = [PROJECT / "app.py", *(path for room in ROOMS for path in (PROJECT / room).rglob("*.py"))]
    code = {found for path in files for found in said(ast.parse(path.read_text(encoding="utf-8")))}
    pages = [path for room in ROOMS for path in (PROJECT / room).rglob("templates/**/*") if path.is_file()]
    catalogue = {sentence.msgid for entry in disorders() for sentence in entry.sentences}
    rooms = {told.usual.msgid for told in room_ranges().values()}
    return code | catalogue | rooms | {found for path in pages for found in said_on_page(path.read_text(encoding="utf-8"))}


def said_on_page(template: str) -> set[str]:
    reader = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    found = (what[0] if isinstance(what, tuple) else what for _, _, what in reader.extract_translations(template, gettext_functions=("t",)))
    return {sentence for sentence in found if sentence}


def said(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and getattr(node.func, "id", getattr(node.func, "attr", "")) in ("t", "Text"):
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def test_english_is_always_spoken():
    assert i18n.languages()[0] == "en"


@pytest.mark.parametrize("path", LOCALES, ids=lambda path: path.stem)
def test_a_translation_keeps_the_places_of_its_sentence(path: Path):
    wrong = {msgid: said for msgid, said in i18n.messages(path.stem).items() if places(msgid) != places(said)}
    assert wrong == {}


@pytest.mark.parametrize("path", LOCALES, ids=lambda path: path.stem)
def test_a_locale_file_is_named_by_a_language_and_has_sentences(path: Path):
    assert i18n.language_name(path.stem) != path.stem
    assert i18n.messages(path.stem)


def test_sentences_are_found_in_the_code():
    code = 'NAMES = {1: Text("One")}\nt("Two " "parts", n=1)\nt(NAMES[1])\nother("Three")\ntext.t("Four")'
    assert set(said(ast.parse(code))) == {"One", "Two parts", "Four"}


def test_sentences_are_found_on_pages():
    assert said_on_page('{{ t("One") }} {{ t("Two {n}", n=t("Three")) }} {% set x = {"k": t("Four")} %}') == {
        "One",
        "Two {n}",
        "Three",
        "Four",
    }


@pytest.mark.parametrize("code", sorted(COMPLETE))
def test_a_complete_locale_says_every_sentence_and_no_other(code: str):
    known = i18n.messages(code).keys()
    assert sorted(sentences() - known) == []
    assert sorted(known - sentences()) == []
