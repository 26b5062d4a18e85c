"""A visitor reads what their nights show of a disorder, and answers its questions, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_a_visitor_answers_the_question_on_dreams(page: Page) -> None:
    page.goto("/disorders")
    page.get_by_role("link", name="REM sleep behavior").click()
    expect(page.get_by_role("heading", name="When to see a doctor")).to_be_visible()
    page.get_by_text("One question on dreams (RBD1Q)").click()
    page.get_by_role("button", name="Keep my answers").click()
    expect(page.get_by_text("An answer is missing. Choose one for every question.")).to_be_visible()
    page.get_by_text("One question on dreams (RBD1Q)").click()
    page.get_by_label("Have you been told").select_option(label="no")
    page.get_by_role("button", name="Keep my answers").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_text("0 of 1 points")).to_be_visible()
