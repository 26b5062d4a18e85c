"""Every sentence of a judgement stays below what a screening may say, in every language."""

import ast
from pathlib import Path

import pytest

from somnia_engine.catalogue import disorders
from somnia_engine.detectors import detectors
from somnia_engine.wording import faults, languages
from somnia_server import i18n
from tests.contracts.test_locales import said

PROJECT = Path(__file__).resolve().parents[2]
FILES = [*sorted((PROJECT / "somnia_engine" / "detectors").glob("*.py")), PROJECT / "components" / "findings.py"]


def sentences() -> list[str]:
    """Return what the detectors, the cards of their findings and the catalogue can say."""
    catalogue = {sentence.msgid for entry in disorders() for sentence in entry.sentences}
    return sorted({found for path in FILES for found in said(ast.parse(path.read_text(encoding="utf-8")))} | catalogue)


@pytest.mark.parametrize("language", languages())
def test_no_sentence_of_a_judgement_goes_beyond_the_ceiling(language: str) -> None:
    known = i18n.messages(language) if language != "en" else {}
    wrong = {spoken: found for text in sentences() if (found := faults(spoken := known.get(text, text), language=language))}
    assert wrong == {}


def test_the_sentences_of_every_detector_are_found() -> None:
    found = set(sentences())
    assert {detector.name.msgid for detector in detectors()} <= found
    assert {need.text.msgid for detector in detectors() for need in detector.needs} <= found


def test_every_spoken_language_has_a_vocabulary() -> None:
    assert set(i18n.languages()) <= set(languages())
