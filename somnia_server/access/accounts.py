"""Accounts: the library that asks who somebody is, set up our way, and what follows from an account being made or changed."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, flash, request
from flask_login import user_logged_out
from flask_security import Security, user_registered
from flask_security.signals import change_email_confirmed, tf_disabled, tf_profile_changed, wan_deleted, wan_registered
from flask_security.utils import uia_email_mapper
from flask_wtf import CSRFProtect
from jinja2 import FileSystemLoader
from werkzeug.middleware.proxy_fix import ProxyFix

from somnia_engine.text import t
from somnia_server.access.doors import init_doors
from somnia_server.access.events import init_events
from somnia_server.access.factors import Passkeys, Phones, RecoveryCodes, SentCodes, can_have_passkeys, configure_factors
from somnia_server.access.forms import LogIn, Register, ResetPassword
from somnia_server.access.identity import init_identity
from somnia_server.access.mail import Mail
from somnia_server.access.passwords import ARGON2, Hashes, Passwords
from somnia_server.access.sessions import configure_cookie, end_now, follow_accounts
from somnia_server.access.views import init_views
from somnia_server.access.words import Spoken, configure_words
from somnia_server.access_settings import LOOPBACK
from somnia_server.i18n import language_now
from somnia_server.settings import Settings
from somnia_server.store.accounts import EMAIL, FACTOR, MADE, Accounts, make_roles, note_own
from somnia_server.store.actors import Actor, Role
from somnia_server.store.consents import PRIVACY, TERMS, give
from somnia_server.store.house import house, now
from somnia_server.store.persons import Profile, save_profile
from somnia_server.store.refusals import RefusalError
from somnia_server.store.sessions import role_of
from somnia_server.store.tables import UserRow
from somnia_server.store.vault import Vault

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
ADDRESSES = {
    "LOGIN": "/login",
    "LOGOUT": "/logout",
    "REGISTER": "/register",
    "CONFIRM": "/confirm",
    "RESET": "/reset",
    "CHANGE": "/account/password",
    "CHANGE_EMAIL": "/account/email",
    "VERIFY": "/account/verify",
    "TWO_FACTOR_SETUP": "/account/two-factor",
    "TWO_FACTOR_TOKEN_VALIDATION": "/login/code",
    "TWO_FACTOR_RESCUE": "/login/rescue",
    "TWO_FACTOR_SELECT": "/login/factor",
    "MULTI_FACTOR_RECOVERY_CODES": "/account/recovery-codes",
    "MULTI_FACTOR_RECOVERY": "/login/recovery-code",
    "WAN_REGISTER": "/account/passkeys",
    "WAN_DELETE": "/account/passkeys/remove",
    "WAN_SIGNIN": "/login/passkey",
    "WAN_VERIFY": "/account/verify/passkey",
}
UNUSED = ("two_factor_rescue",)
"""What the library brings along and nobody needs here."""


def init_accounts(app: Flask) -> None:
    """Give an application accounts: the library, its forms and words, sessions of ours; call it once the tables stand."""
    with app.app_context():
        settings, vault = house().settings, house().vault
        app.config.update(_library(settings, vault), WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None)
        make_roles()
    configure_cookie(app, settings)
    _trust_proxies(app, settings.access.proxies)
    app.config["TRUSTED_HOSTS"] = _hosts(settings)
    app.jinja_loader = FileSystemLoader(TEMPLATES)
    app.jinja_env.globals["t"] = t
    app.context_processor(lambda: _said(settings))
    CSRFProtect(app)
    security = Security(
        app,
        Accounts(),
        login_form=LogIn,
        register_form=Register,
        reset_password_form=ResetPassword,
        mail_util_cls=Mail,
        password_util_cls=Passwords,
        phone_util_cls=Phones,
        totp_cls=SentCodes,
        webauthn_util_cls=Passkeys,
        mf_recovery_codes_util_cls=RecoveryCodes,
    )
    _tame(app, security)
    follow_accounts(app, security.login_manager)
    _follow_changes(app)
    init_views(app)
    init_doors(app, settings.access)
    init_identity(app, settings.access)
    init_events(app)


def _hosts(settings: Settings) -> list[str] | None:
    """Return under which names this instance answers: a link in a mail must not lead where a forged request says."""
    public = urlsplit(settings.access.public_url).hostname
    if public is None and settings.serves_others:
        return None
    return sorted(LOOPBACK | {"[::1]"} | ({public} if public else set()))


def _said(settings: Settings) -> dict[str, Any]:
    """Return what every page of accounts may ask for."""
    return {
        "lang": language_now(),
        "mail": bool(settings.access.smtp_host),
        "passkeys": can_have_passkeys(request.host),
        "identity_provider": urlsplit(settings.access.oidc_issuer).hostname,
    }


def _library(settings: Settings, vault: Vault) -> dict[str, Any]:
    """Return the library's settings."""
    mail = bool(settings.access.smtp_host)
    said: dict[str, Any] = {f"SECURITY_{name}_URL": address for name, address in ADDRESSES.items()}
    said |= configure_words() | configure_factors(vault, mail=mail)
    said |= dict.fromkeys(("SECURITY_CONFIRMABLE", "SECURITY_RECOVERABLE", "SECURITY_CHANGE_EMAIL"), mail)
    notices = ("REGISTER_EMAIL", "PASSWORD_CHANGE_EMAIL", "PASSWORD_RESET_EMAIL", "PASSWORD_RESET_NOTICE_EMAIL")
    said |= dict.fromkeys((f"SECURITY_SEND_{notice}" for notice in notices), mail)
    return said | {
        "SECURITY_REGISTERABLE": mail or not settings.serves_others,
        "SECURITY_CHANGEABLE": True,
        "SECURITY_RETURN_GENERIC_RESPONSES": True,
        "SECURITY_LOGOUT_CSRF": True,
        "SECURITY_STATIC_FOLDER": None,
        "SECURITY_CLI_USERS_NAME": None,
        "SECURITY_CLI_ROLES_NAME": None,
        "SECURITY_API_ENABLED_METHODS": ["session"],
        "SECURITY_JOIN_USER_ROLES": False,
        "SECURITY_USER_IDENTITY_ATTRIBUTES": [{"email": {"mapper": uia_email_mapper, "case_insensitive": False}}],
        "SECURITY_DATETIME_FACTORY": now,
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": ARGON2,
        "SECURITY_PASSWORD_SALT": vault.derive(b"somnia passwords").hex(),
        "SECURITY_PASSWORD_NORMALIZE_FORM": "NFKC",
        "SECURITY_EMAIL_HTML": False,
        "SECURITY_EMAIL_SENDER": settings.access.smtp_from,
        "SECURITY_CONFIRM_EMAIL_WITHIN": timedelta(days=2),
        "SECURITY_RESET_PASSWORD_WITHIN": timedelta(hours=1),
        "SECURITY_FRESHNESS": timedelta(minutes=15),
        "SECURITY_FRESHNESS_GRACE_PERIOD": timedelta(minutes=5),
        "SECURITY_POST_REGISTER_VIEW": "/login" if mail else "/",
        "SECURITY_POST_CHANGE_VIEW": "/account",
        "SECURITY_POST_CHANGE_EMAIL_VIEW": "/account",
        "SECURITY_TWO_FACTOR_POST_SETUP_VIEW": "/account",
        "SECURITY_WEBAUTHN": True,
        "SECURITY_WAN_RP_NAME": "SOMNIA",
        "SECURITY_WAN_ALLOW_USER_HINTS": False,
    }


def _tame(app: Flask, security: Security) -> None:
    """Close what the library would open besides our forms: answers in JSON, its own words, pages nobody needs."""
    security.want_json(lambda _request: False)
    security.i18n_domain = Spoken()  # type: ignore[assignment]
    security.pwd_context = Hashes(security.pwd_context)
    loads_user = security.principal._on_before_request  # asks the database for the account at each request, pictures included
    app.before_request_funcs[None].remove(loads_user)
    for endpoint in UNUSED:
        app.view_functions[f"security.{endpoint}"] = _gone


def _gone(**_: object) -> tuple[str, int]:
    return "", 404


def _trust_proxies(app: Flask, count: int) -> None:
    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]


def _follow_changes(app: Flask) -> None:
    user_logged_out.connect(_logged_out, app)
    user_registered.connect(_registered, app)
    change_email_confirmed.connect(_email_changed, app)
    for signal in (tf_profile_changed, tf_disabled, wan_registered, wan_deleted):
        signal.connect(_factor_changed, app)


def _logged_out(_app: Flask, **_: object) -> None:
    end_now()


def _registered(_app: Flask, *, user: UserRow, form_data: dict[str, Any], **_: object) -> None:
    """Keep what a new person has said, sealed; without mail nobody could confirm an address, so it counts as it stands."""
    if not house().settings.access.smtp_host:
        user.confirmed_at = now()
    actor = Actor(user.id, Role.USER)
    note_own(actor, MADE, "registered")
    remember_person(actor, name=form_data["name"], birth_date=form_data["birth_date"])
    for kind in (TERMS, PRIVACY):
        remember_consent(actor, kind)


def remember_person(actor: Actor, *, name: str, birth_date: date) -> None:
    """Keep a new person's name and birth date."""
    save_profile(actor, Profile(name=name, birth_date=birth_date))


def remember_consent(actor: Actor, kind: str) -> None:
    """Keep that a new person agreed; somebody under 18 is told that a guardian does."""
    try:
        give(actor, kind)
    except RefusalError as refusal:
        if kind == PRIVACY:
            flash(t(refusal.text), "info")


def _email_changed(_app: Flask, *, user: UserRow, **_: object) -> None:
    note_own(_actor(user), EMAIL)


def _factor_changed(_app: Flask, *, user: UserRow, **_: object) -> None:
    note_own(_actor(user), FACTOR)


def _actor(user: UserRow) -> Actor:
    return Actor(user.id, role_of(user.roles))
