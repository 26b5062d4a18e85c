"""What the vocabulary check lets through and what not."""

import pytest

from somnia_engine.wording import WHY, faults, languages

REFUSED = [
    ("en", "You have sleep apnea.", "diagnosis"),
    ("en", "You've got insomnia.", "diagnosis"),
    ("en", "This confirms the diagnosis.", "diagnosis"),
    ("en", "Take melatonin an hour before bed.", "therapy"),
    ("en", "CPAP would help with this.", "therapy"),
    ("en", "Your risk of a stroke is raised.", "prediction"),
    ("en", "This will lead to heart trouble.", "prediction"),
    ("en", "Your night was normal.", "reassurance"),
    ("en", "Your baby is safe.", "reassurance"),
    ("en", "There is nothing to worry about.", "reassurance"),
    ("en", "Severe drops of oxygen were seen.", "alarm"),
    ("en", "Well slept!", "exclamation"),
    ("de", "Sie haben eine obstruktive Schlafapnoe.", "diagnosis"),
    ("de", "Sie leiden an Schlaflosigkeit.", "diagnosis"),
    ("de", "Nehmen Sie abends weniger ein.", "therapy"),
    ("de", "Eine Aufbissschiene hilft.", "therapy"),
    ("de", "Ihr Schlaganfallrisiko ist erhöht.", "prediction"),
    ("de", "Ihr Schlaf ist gesund.", "reassurance"),
    ("de", "Es gibt keinen Grund zur Sorge.", "reassurance"),
    ("de", "Ein gefährlicher Abfall.", "alarm"),
]
SAID = [
    ("en", "Your blood oxygen fell 12.0 times an hour."),
    ("en", "You have slept 6 h 12 min."),
    ("en", "No signs in what was measured."),
    ("en", "Show this page to a doctor."),
    ("de", "Sie haben 6 h 12 min geschlafen."),
    ("de", "Keine Anzeichen in dem, was gemessen wurde."),
    ("de", "Zeigen Sie diese Seite in einer Arztpraxis."),
]


@pytest.mark.parametrize(("language", "sentence", "rule"), REFUSED)
def test_a_sentence_beyond_the_ceiling_is_refused_with_its_reason(language: str, sentence: str, rule: str) -> None:
    found = {fault.rule: fault for fault in faults(sentence, language=language)}
    assert rule in found
    assert found[rule].words in sentence
    assert found[rule].why == WHY[rule]


@pytest.mark.parametrize(("language", "sentence"), SAID)
def test_a_sentence_of_what_was_measured_passes(language: str, sentence: str) -> None:
    assert faults(sentence, language=language) == ()


def test_case_and_place_make_no_difference() -> None:
    assert faults("DIAGNOSIS: none.")
    assert faults("Here, (danger).")


def test_words_are_whole() -> None:
    assert faults("The treaty on pillows was long.") == ()
    assert faults("A pillow is no pill.")[0].words == "pill"


def test_a_language_without_a_vocabulary_never_passes() -> None:
    assert [fault.rule for fault in faults("Tout va bien.", language="fr")] == ["language"]
    assert languages() == ("en", "de")


def test_a_region_is_its_language() -> None:
    assert faults("Ihr Schlaf ist gesund.", language="de-AT")
