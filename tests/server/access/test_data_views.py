import io
import re
import zipfile

import pytest
from flask_security import hash_password

from somnia_server import create_server
from somnia_server.access.rules import ARCHIVE_BYTES
from somnia_server.store.accounts import HOUSE, account_of, make_account
from somnia_server.store.actors import Role

PASSWORD = "several quiet words 7"


@pytest.fixture
def app(settings):
    return create_server(settings)


@pytest.fixture
def ann(app):
    with app.app_context():
        user_id = make_account(HOUSE, email="ann@example.org", password_hash=hash_password(PASSWORD), role=Role.USER)
    browser = app.test_client()
    said = {"email": "ann@example.org", "password": PASSWORD, "csrf_token": token(browser.get("/login").text)}
    assert browser.post("/login", data=said).status_code == 302
    return user_id, browser


def token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/data/erase", {"word": "ERASE", "password": PASSWORD}),
        ("/data/import", {}),
        ("/account/leave", {}),
        ("/kiosk/pair", {"code": "12345678"}),
    ],
)
def test_a_form_without_its_own_token_does_nothing(app, ann, path, said):
    user_id, browser = ann
    assert browser.post(path, data=said).status_code == 400
    with app.app_context():
        assert account_of(user_id) is not None
    assert browser.get("/account").status_code == 200


def test_everything_is_taken_as_an_archive_and_brought_again(ann):
    _, browser = ann
    taken = browser.get("/data/export").get_data()
    assert "manifest.json" in zipfile.ZipFile(io.BytesIO(taken)).namelist()
    said = {"csrf_token": token(browser.get("/data").text), "archive": (io.BytesIO(taken), "mine.zip")}
    answer = browser.post("/data/import", data=said, follow_redirects=True)
    assert "0 were here already" in answer.text
    said = {"csrf_token": token(browser.get("/data").text), "archive": (io.BytesIO(b"no zip"), "mine.zip")}
    assert "said-error" in browser.post("/data/import", data=said, follow_redirects=True).text


def test_erasing_takes_the_word_and_the_password(app, ann):
    user_id, browser = ann
    for wrong in ({"word": "erase me", "password": PASSWORD}, {"word": "ERASE", "password": "wrong"}):
        browser.post("/data/erase", data=wrong | {"csrf_token": token(browser.get("/data").text)})
        with app.app_context():
            assert account_of(user_id) is not None
    browser.post("/data/erase", data={"word": "ERASE", "password": PASSWORD, "csrf_token": token(browser.get("/data").text)})
    with app.app_context():
        assert account_of(user_id) is None
    assert browser.get("/account").status_code == 302


def test_an_archive_of_the_size_that_the_page_says_is_looked_into_and_a_larger_one_is_not(ann):
    _, browser = ann
    for size, status in ((ARCHIVE_BYTES, 302), (ARCHIVE_BYTES + 1024 * 1024, 413)):
        said = {"csrf_token": token(browser.get("/data").text), "archive": (io.BytesIO(bytes(size)), "mine.zip")}
        answer = browser.post("/data/import", data=said)
        answer.request.environ["wsgi.input"].close()
        assert answer.status_code == status
    assert f"{ARCHIVE_BYTES >> 20} MB" in browser.get("/data").text
