import pytest
from flask import Flask
from werkzeug.datastructures import LanguageAccept

from somnia_engine.text import Text, speaking, t
from somnia_server import i18n

PO = """\
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Night of {day}"
msgstr "Nacht vom {day}"

msgid "Empty"
msgstr ""
"""


@pytest.fixture
def german(tmp_path, monkeypatch):
    (tmp_path / "de.po").write_text(PO, encoding="utf-8")
    monkeypatch.setattr(i18n, "LOCALES", tmp_path)
    for cached in (i18n.languages, i18n.messages):
        cached.cache_clear()
    yield
    for cached in (i18n.languages, i18n.messages):
        cached.cache_clear()


@pytest.mark.usefixtures("german")
def test_a_language_is_one_file():
    assert i18n.languages() == ("en", "de")
    assert i18n.language_name("de") == "Deutsch"
    with speaking(i18n.catalogue("de")):
        assert t(Text("Night of {day}", {"day": 3})) == "Nacht vom 3"


@pytest.mark.usefixtures("german")
def test_what_is_not_translated_stays_english():
    speak = i18n.catalogue("de")
    assert speak("Empty") == "Empty"
    assert speak("Unknown sentence") == "Unknown sentence"
    assert i18n.catalogue("en")("Empty") == "Empty"
    assert i18n.catalogue("../../etc/passwd")("Empty") == "Empty"


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(
    ("cookie", "accepted", "spoken"),
    [(None, "de-AT,de;q=0.8", "de"), (None, "fr", "en"), ("de", "en", "de"), ("xx", "de", "de"), (None, "", "en"), ("en", "de", "en")],
)
def test_the_chosen_language_goes_before_the_browsers(cookie, accepted, spoken):
    values = [(part.partition(";q=")[0], float(part.partition(";q=")[2] or 1)) for part in accepted.split(",") if part]
    assert i18n.choose(cookie, LanguageAccept(values)) == spoken


@pytest.mark.usefixtures("german")
def test_each_request_speaks_its_own_language():
    app = Flask("test")
    i18n.init_languages(app)
    app.add_url_rule("/", view_func=lambda: t("Night of {day}", day=1))
    client = app.test_client()
    assert client.get("/", headers={"Accept-Language": "de"}).text == "Nacht vom 1"
    assert client.get("/").text == "Night of 1"
