"""Accounts in a real browser: register, log in by a passkey alone and as a second proof, on a phone and in the dark."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

PASSWORD = "nine quiet kettles"
NARROW = {"width": 360, "height": 740}


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """Return a phone's page that calls the server by its name (browsers make no passkeys for numbers), with a passkey in the phone."""
    context = browser.new_context(base_url=f"http://localhost:{urlsplit(address).port}", viewport=NARROW, color_scheme="dark")
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    passkey = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": passkey | {"automaticPresenceSimulation": True}})
    yield page
    context.close()
    assert faults == []


def register(page: Page, email: str) -> None:
    page.goto("/register")
    page.get_by_label("Name", exact=True).fill("Ann Example")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Birth date").fill("1980-04-23")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_label("I agree to the terms of use.").check()
    page.get_by_label("I agree that SOMNIA keeps").check()
    page.get_by_role("button", name="Make an account").click()
    page.wait_for_url("**/")


def log_out(page: Page) -> None:
    page.goto("/logout")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/")


def add_passkey(page: Page, use: str) -> None:
    page.goto("/account/passkeys")
    page.get_by_label("Name of the passkey").fill("My phone")
    page.get_by_label(use).check()
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("The passkey is added.")).to_be_visible()


def test_a_passkey_lets_in_without_a_password(page: Page) -> None:
    register(page, "passkey@example.org")
    add_passkey(page, "instead of the password")
    log_out(page)
    page.goto("/login")
    page.get_by_role("link", name="Log in with a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/")
    page.goto("/account")
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()


def test_a_passkey_besides_the_password_is_asked_for_after_it(page: Page) -> None:
    register(page, "second@example.org")
    add_passkey(page, "besides the password")
    log_out(page)
    page.goto("/login")
    page.get_by_label("E-mail address").fill("second@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/login/passkey**")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/")
    page.goto("/account/passkeys")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_a_page_fits_a_phone_and_follows_the_keys(page: Page, path: str) -> None:
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    small = "[...document.querySelectorAll('button, .entry')].filter(part => part.getBoundingClientRect().height < 40).length"
    assert page.evaluate(small) == 0
    page.get_by_label("E-mail address").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "INPUT"
