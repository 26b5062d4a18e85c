"""The catalogue of disorders has an entry for each detector, complete and with its sources."""

from somnia_engine.catalogue import disorder, disorders
from somnia_engine.detectors import detectors


def test_every_detector_has_an_entry_and_every_entry_a_detector() -> None:
    assert sorted(entry.key for entry in disorders()) == sorted(detector.key for detector in detectors())


def test_every_entry_says_what_it_is_in_five_lines_and_when_to_see_a_doctor() -> None:
    for entry in disorders():
        assert len(entry.about) == 5
        assert min(map(len, (entry.measured, entry.limits, entry.doctor, entry.sources))) >= 1
        assert all("doi" in source for source in entry.sources)


def test_an_unknown_key_has_none() -> None:
    assert disorder("snoring") is None
