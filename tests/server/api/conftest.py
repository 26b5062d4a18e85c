"""Programs that speak to an instance of their own, each with the tokens of one account."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_security import hash_password

from somnia_server import create_server
from somnia_server.access.permissions import SCOPES
from somnia_server.settings import Settings
from somnia_server.store.accounts import HOUSE, make_account
from somnia_server.store.actors import Actor, Role

PASSWORD = "several quiet words 7"


class Program:
    """A client with the tokens of one account."""

    def __init__(self, app: Flask, email: str, role: Role) -> None:
        self.app, self.email = app, email
        self.client: FlaskClient = app.test_client(use_cookies=False)
        with app.app_context():
            self.actor = Actor(make_account(HOUSE, email=email, password_hash=hash_password(PASSWORD), role=role), role)
        said = {"email": email, "password": PASSWORD, "scope": " ".join(SCOPES)}
        self.tokens: dict[str, Any] = self.post("/auth/login", json=said, bearer=None).get_json()

    def headers(self, bearer: str | None = "") -> dict[str, str]:
        token = self.tokens["access_token"] if bearer == "" else bearer
        return {} if token is None else {"Authorization": f"Bearer {token}"}

    def get(self, path: str, *, bearer: str | None = "", **more: Any) -> Any:
        return self.client.get(path, headers=self.headers(bearer), **more)

    def post(self, path: str, *, bearer: str | None = "", **more: Any) -> Any:
        return self.client.post(path, headers=self.headers(bearer), **more)

    def put(self, path: str, *, bearer: str | None = "", **more: Any) -> Any:
        return self.client.put(path, headers=self.headers(bearer), **more)

    def delete(self, path: str, *, bearer: str | None = "", **more: Any) -> Any:
        return self.client.delete(path, headers=self.headers(bearer), **more)

    def refresh(self) -> Any:
        return self.post("/auth/refresh", json={"refresh_token": self.tokens["refresh_token"]}, bearer=None)


@pytest.fixture
def app(settings: Settings) -> Flask:
    return create_server(settings)


@pytest.fixture
def program(app: Flask) -> Callable[..., Program]:
    return lambda email="ann@example.org", role=Role.USER: Program(app, email, role)
