"""The forms of accounts: the library's own, with what we ask besides."""

from datetime import date
from typing import Any

from flask_security import LoginForm, RegisterFormV2, ResetPasswordForm
from wtforms import BooleanField, DateField, StringField
from wtforms.validators import DataRequired, Length, ValidationError

from somnia_engine.text import Text, t
from somnia_server.access.words import NEEDED, TOO_LATE
from somnia_server.store.house import now
from somnia_server.store.profiles import PersonError, Profile, checked_profile

NO_DATE = Text("Enter a date that has been, such as 1980-04-23.")
NAME_TOO_LONG = Text("A name has at most 120 characters.")
AGREE = Text("Without this SOMNIA may not keep anything of you.")


class Date(DateField):  # type: ignore[misc]
    """A date, asked for in our words."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the date; what is none is named."""
        self.data: date | None = None
        try:
            self.data = date.fromisoformat(" ".join(valuelist).strip())
        except ValueError:
            raise ValueError(NO_DATE.msgid) from None


class LogIn(LoginForm):
    """Log in; no browser is remembered beyond its session."""

    remember = None

    def validate(self, **kwargs: Any) -> bool:
        """Return whether somebody may come in; who knows the password may hear why not."""
        right = super().validate(**kwargs)
        if not right and self.user_authenticated:
            self.form_errors.extend(self.email.errors)
            self.email.errors = []
        return right


class Register(RegisterFormV2):
    """Ask for an account: who somebody is, and both consents, unticked."""

    name = StringField(validators=[DataRequired(NEEDED.msgid), Length(max=120, message=NAME_TOO_LONG.msgid)])
    birth_date = Date(validators=[DataRequired(NO_DATE.msgid)])
    terms = BooleanField(validators=[DataRequired(AGREE.msgid)])
    privacy = BooleanField(validators=[DataRequired(AGREE.msgid)])

    def validate_name(self, field: StringField) -> None:
        """Refuse a name that cannot be kept."""
        _check(Profile(name=field.data))

    def validate_birth_date(self, field: Date) -> None:
        """Refuse a date that nobody living was born on."""
        _check(Profile(birth_date=field.data))


def _check(profile: Profile) -> None:
    try:
        checked_profile(profile, now())
    except PersonError as error:
        raise ValidationError(t(error.text)) from None


class ResetPassword(ResetPasswordForm):
    """Choose a new password by a link that works once."""

    def validate(self, **kwargs: Any) -> bool:
        """Return whether the password will do and nobody used this link before."""
        if not super().validate(**kwargs):
            return False
        from somnia_server.access.doors import use_once

        if not use_once("reset", str(self.user.fs_uniquifier) if self.user else ""):
            self.password.errors = [TOO_LATE.msgid]
            return False
        return True
