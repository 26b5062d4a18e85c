import string
from pathlib import Path

import pytest

from somnia_server import i18n

LOCALES = sorted(i18n.LOCALES.glob("*.po"))


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


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
