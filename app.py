"""The door: settings in, the application with its pages out; gunicorn finds it as `app:server`."""

import json
import logging
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import diskcache
from dash import Dash, DiskcacheManager, page_container, page_registry, set_props
from dash.exceptions import DashException
from flask import request
from plotly.utils import PlotlyJSONEncoder

from components import compare, ids, night, review, shell, states, trends
from somnia_engine.text import t
from somnia_server import init_app
from somnia_server.access import actor_known, actor_now
from somnia_server.access.addresses import admin_address_ok
from somnia_server.access.callbacks import allow_callbacks
from somnia_server.access.gate import allow_scripts
from somnia_server.access.rules import ADMINS
from somnia_server.access.visitor import CSRF_COOKIE, CSRF_HEADER, cookie_name
from somnia_server.api import new_application
from somnia_server.away import show_on_pages
from somnia_server.failures import noted
from somnia_server.i18n import language_name, language_now, languages
from somnia_server.safe_start import require_admin
from somnia_server.settings import Settings
from somnia_server.store import persons
from somnia_server.store.actors import Role
from somnia_server.store.connections import is_away

log = logging.getLogger(__name__)

INDEX = """<!DOCTYPE html>
<html lang="{lang}">
    <head>
        {metas}
        <meta name="color-scheme" content="light dark">
        <title>{title}</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
        <script src="/assets/theme.js"></script>
        {css}
    </head>
    <body>
        {app_entry}
        <footer>{config}{scripts}{renderer}</footer>
    </body>
</html>"""
META = [
    {"name": "viewport", "content": "width=device-width, initial-scale=1"},
    {"name": "referrer", "content": "same-origin"},
]


def create_app(settings: Settings) -> Dash:
    """Return the application: the housekeeper first, then the pages, then one request that warms it up."""
    server = new_application()
    init_app(server, settings)
    with server.app_context():
        require_admin(settings)
        csrf_name = cookie_name(CSRF_COOKIE)
    server.config["COMPRESS_MIN_SIZE"] = 1024
    app = Dash(
        "somnia",
        server=server,
        use_pages=True,
        pages_folder=str(Path(__file__).with_name("pages")),
        assets_folder=str(Path(__file__).with_name("assets")),
        assets_ignore=r"^theme\.js$",
        assets_path_ignore=["^swagger$", "^forms$"],  # for pages that are not Dash's
        title="SOMNIA",
        update_title="",
        meta_tags=META,
        compress=True,
        suppress_callback_exceptions=True,
        enable_mcp=False,
        background_callback_manager=DiskcacheManager(_cache(settings)),
        csrf_token_name=csrf_name,
        csrf_header_name=CSRF_HEADER,
        on_error=_wall,
    )
    app.interpolate_index = _index
    server.register_error_handler(DashException, _unasked)
    show_on_pages(server, _away)
    _guard_pages()
    night.register_callbacks(app)
    review.register_callbacks(app)
    trends.register_callbacks(app)
    compare.register_callbacks(app)
    app.layout = _layout
    server.test_client().get("/")  # plotly/dash #3971: the first pages of several threads otherwise race for the component libraries
    allow_callbacks(server, app.callback_map)
    allow_scripts(server, tuple(app.csp_hashes()))  # after the first page: it makes the routing callbacks, whose scripts are among them
    return app


def _guard_pages() -> None:
    """Let each page be seen only by the roles that it names; a page that names none is closed."""
    for page in page_registry.values():
        page["layout"] = partial(_guarded, page["layout"], page.get("roles", frozenset()))


def _guarded(layout: Callable[..., Any], roles: frozenset[Role], **parts: Any) -> Any:
    actor = actor_now()
    if roles == ADMINS and not admin_address_ok():
        return states.not_found()
    if actor.role in roles:
        return layout(**parts)
    return states.not_found() if actor.role is not Role.VISITOR else states.account_needed()


def _cache(settings: Settings) -> diskcache.Cache:
    """Return the cache through which a background callback says how far it is; nothing of a person passes through it."""
    folder = settings.instance / "cache"
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    return diskcache.Cache(str(folder))


def _layout() -> Any:
    actor, spoken = actor_known(), language_now()
    if actor is not None and actor.role is Role.KIOSK:
        return shell.bare(page_container)
    return shell.shell(page_container, [shell.Language(code, language_name(code), code == spoken) for code in languages()], _who())


def _who() -> shell.Who | None:
    """Return how the frame greets whoever is logged in; None for a visitor."""
    actor = actor_known()
    if actor is None or actor.role in (Role.VISITOR, Role.KIOSK):
        return None
    return shell.Who(persons.load_profile(actor).name or t("Your account"), actor.role)


def _index(**parts: Any) -> str:
    said = {key: parts.get(key, "") for key in PARTS}
    if request.path != GRID_PAGE:
        said["scripts"] = GRID_SCRIPT.sub("", said["scripts"])
    return INDEX.format(lang=language_now(), **said)


GRID_PAGE = "/worklist"
GRID_SCRIPT = re.compile(r"<script[^>]*/dash_ag_grid/[^>]*></script>")
"""1.3 MB that only the worklist needs: links to it load a whole page, and no other page carries it."""
PARTS = ("metas", "title", "css", "app_entry", "config", "scripts", "renderer")


def _unasked(error: DashException) -> tuple[str, int]:
    """Answer what no page of ours asks for, such as a component library's file that there is not."""
    log.info("refused: %s", type(error).__name__)
    return "", 404


def _away() -> Any:
    """Return what an open page is told when the database does not answer, ready for JSON."""
    return json.loads(json.dumps({ids.ERROR: {"children": states.away()}}, cls=PlotlyJSONEncoder))


def _wall(error: Exception) -> None:
    """Note an unforeseen error of a callback under an id, and show the person that id."""
    set_props(ids.ERROR, {"children": states.away() if is_away(error) else states.failed(noted(error, "a callback"))})


def __getattr__(name: str) -> Any:
    """Make the server when gunicorn (or the flask command, by its own word) asks for it, from the environment's settings."""
    if name not in {"server", "application"}:
        raise AttributeError(name)
    return create_app(Settings.from_env()).server
