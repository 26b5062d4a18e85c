"""The texts that people agree to, as pages: a small part of Markdown, and nothing in them that could be markup of others."""

import re

from flask import Blueprint, abort, render_template
from markupsafe import Markup, escape

from somnia_server.i18n import language_now
from somnia_server.store.consents import FILES, text_of

pages = Blueprint("legal", __name__)
STRONG, SLANTED, HEADING = re.compile(r"\*\*(.+?)\*\*"), re.compile(r"(?<!\w)\*(.+?)\*(?!\w)"), re.compile(r"(#{1,3}) (.+)")


@pages.get("/legal/<kind>")
def legal(kind: str) -> str:
    """Show the current version of a text."""
    if kind not in FILES:
        abort(404)
    text = text_of(kind, language_now())
    return render_template("security/legal.html", title=text.title, version=text.version, body=drawn(text.body))


def drawn(body: str) -> Markup:
    """Return a text of headings, lists and paragraphs as HTML; whatever else stands in it is shown as it is written."""
    return Markup("\n").join(_block(block) for block in re.split(r"\n\s*\n", body.strip()))


def _block(block: str) -> Markup:
    heading = HEADING.fullmatch(block)
    if heading:
        level = len(heading[1])
        return Markup("<h{0}>{1}</h{0}>").format(level, _words(heading[2]))
    items = re.split(r"^- ", block, flags=re.MULTILINE)
    if len(items) > 1 and not items[0].strip():
        return Markup("<ul>{}</ul>").format(Markup("").join(Markup("<li>{}</li>").format(_words(item)) for item in items[1:]))
    return Markup("<p>{}</p>").format(_words(block))


def _words(text: str) -> Markup:
    safe = str(escape(" ".join(text.split())))
    return Markup(SLANTED.sub(r"<em>\1</em>", STRONG.sub(r"<strong>\1</strong>", safe)))
