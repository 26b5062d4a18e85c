"""The housekeeper: what is kept, who may, what runs."""

from flask import Flask

from somnia_server.settings import Settings

__all__ = ["create_server", "init_app"]

FORM_BYTES = 16 * 1024 * 1024


def create_server(settings: Settings) -> Flask:
    """Return a Flask application with everything of the housekeeper in it and no pages."""
    from somnia_server.api import new_application

    app = new_application()
    init_app(app, settings)
    return app


def init_app(app: Flask, settings: Settings) -> None:
    """Give an application its database, vault, gate, languages, upload routes and API; call it before any page is made."""
    from somnia_server.store.connections import engine_options, watch
    from somnia_server.store.erasure import replay_tombstones
    from somnia_server.store.house import House, settle
    from somnia_server.store.keys import StoredKeys
    from somnia_server.store.masters import Masters
    from somnia_server.store.schema import upgrade
    from somnia_server.store.tables import db, session
    from somnia_server.store.vault import Vault

    settings.prepare()
    keys = StoredKeys(Masters(settings))
    vault = Vault(keys)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.database_url)
    app.config["MAX_CONTENT_LENGTH"] = FORM_BYTES
    settle(app, House(settings, vault))
    db.init_app(app)
    with app.app_context():
        watch(db.engine)
        upgrade(db.engine)
        keys.start()
        app.secret_key = settings.secret_key or vault.derive(b"somnia cookies").hex()
        session().commit()
        replay_tombstones()
    _open(app)


def _open(app: Flask) -> None:
    """Put the gate and the languages before every request, and the routes behind them."""
    from somnia_server.access import init_access
    from somnia_server.access.accounts import init_accounts
    from somnia_server.access.clip_views import clip
    from somnia_server.access.data_views import data
    from somnia_server.access.kiosks import doors
    from somnia_server.access.still import still
    from somnia_server.api import init_api
    from somnia_server.away import init_away
    from somnia_server.commands import somnia
    from somnia_server.i18n import init_languages
    from somnia_server.reports.views import report
    from somnia_server.store.bound import init_bound
    from somnia_server.work.tus import tus

    init_access(app)
    init_languages(app)
    init_accounts(app)
    init_api(app)
    init_away(app)
    init_bound(app)
    for blueprint in (clip, data, doors, report, still, tus):
        app.register_blueprint(blueprint)
    app.cli.add_command(somnia)
