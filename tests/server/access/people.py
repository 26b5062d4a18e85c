"""People before the forms of accounts: browsers with cookies of their own."""

import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

PASSWORD = "nine quiet kettles"
EMAIL = "ann@example.org"
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Person:
    """Somebody with a browser; `at` is where they seem to come from."""

    def __init__(self, app: Flask, *, at: str = "192.0.2.7", base: str = "http://localhost") -> None:
        self.app = app
        self.client = app.test_client()
        self.extra: dict[str, Any] = {"environ_overrides": {"REMOTE_ADDR": at}, "base_url": base}

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, **self.extra)

    def post(self, path: str, form: str | None = None, **data: Any) -> TestResponse:
        """Fill in the form that stands at a path (or at another one) and send it."""
        return self.client.post(path, data={"csrf_token": self.token(form or path), **data}, **self.extra)

    def token(self, path: str) -> str:
        found = TOKEN.search(self.get(path).text)
        assert found is not None, f"no form at {path}"
        return found.group(1)

    def register(self, email: str = EMAIL, **other: Any) -> TestResponse:
        asked = {"name": "Ann Example", "birth_date": "1980-04-23", "password": PASSWORD, "password_confirm": PASSWORD}
        return self.post("/register", **{"email": email, "terms": "y", "privacy": "y"} | asked | other)

    def log_in(self, email: str = EMAIL, password: str = PASSWORD) -> TestResponse:
        return self.post("/login", email=email, password=password)

    def log_out(self) -> TestResponse:
        return self.post("/logout")

    @property
    def inside(self) -> bool:
        return self.get("/account").status_code == 200

    @property
    def session(self) -> str:
        """The name of this browser's session, as its cookie carries it."""
        with self.client.session_transaction() as kept:
            return kept.get("somnia", "")


def words(answer: TestResponse) -> str:
    """Return what stands on a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
