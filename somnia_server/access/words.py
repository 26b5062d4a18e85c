"""What the account library says, in our words: its messages by their names, and its language asked of our catalogue."""

from collections.abc import Mapping

from somnia_engine.text import Text, t

ERROR, INFO, SUCCESS = "error", "info", "success"
Said = tuple[Text, str]

WRONG = Text("The address, the password or the code is not right.")
NO_RIGHT_CODE = Text("This code is not right, or it was used already.")
OUTDATED = Text("This page is out of date. Go back, reload it and try again.")
TOO_LATE = Text("This link is too old, or it was used already. Ask for a new one.")
CODE = Text("your code for SOMNIA: {code}")
CONFIRM = Text("If this address has no account yet, we have sent it a link. Open it to confirm the address, then log in.")
NEEDED = Text("This field is required.")
NO_ADDRESS = Text("This is not an e-mail address.")

MESSAGES: Mapping[str, Said] = {
    "API_ERROR": (OUTDATED, ERROR),
    "INVALID_INPUT": (Text("This contains signs that are not allowed here."), ERROR),
    "GENERIC_AUTHN_FAILED": (WRONG, ERROR),
    "INVALID_PASSWORD": (Text("The password is not right."), ERROR),
    "DISABLED_ACCOUNT": (Text("This account is disabled. Ask the administrator."), ERROR),
    "CONFIRMATION_REQUIRED": (Text("Confirm your address first: open the link that we sent you."), ERROR),
    "UNAUTHENTICATED": (Text("Log in to see this page."), INFO),
    "UNAUTHORIZED": (Text("This page is not for your account."), ERROR),
    "REAUTHENTICATION_REQUIRED": (Text("Prove once more that it is you."), INFO),
    "REAUTHENTICATION_SUCCESSFUL": (Text("Thank you. You can go on."), SUCCESS),
    "ANONYMOUS_USER_REQUIRED": (Text("You are logged in already."), INFO),
    "CONFIRM_REGISTRATION": (CONFIRM, SUCCESS),
    "CONFIRMATION_REQUEST": (Text("If this address waits for it, we have sent it a new link."), INFO),
    "EMAIL_CONFIRMED": (Text("Your address is confirmed. You can log in now."), SUCCESS),
    "ALREADY_CONFIRMED": (Text("This address is confirmed already."), INFO),
    "INVALID_CONFIRMATION_TOKEN": (TOO_LATE, ERROR),
    "CONFIRMATION_EXPIRED": (TOO_LATE, ERROR),
    "PASSWORD_RESET_REQUEST": (Text("If this address has an account, we have sent it a link for a new password."), INFO),
    "PASSWORD_RESET_EXPIRED": (TOO_LATE, ERROR),
    "INVALID_RESET_PASSWORD_TOKEN": (TOO_LATE, ERROR),
    "PASSWORD_RESET_NO_LOGIN": (Text("Your password is changed, and you are logged out everywhere. Log in with the new one."), SUCCESS),
    "PASSWORD_CHANGE": (Text("Your password is changed. You are logged out on all other devices."), SUCCESS),
    "PASSWORD_NOT_PROVIDED": (Text("Enter a password."), ERROR),
    "PASSWORD_INVALID_LENGTH": (Text("A password has 8 to 128 characters."), ERROR),
    "PASSWORD_TOO_SIMPLE": (Text("This password is too easy to guess. Take several words that do not belong together."), ERROR),
    "PASSWORD_IS_THE_SAME": (Text("This is the password that you have already."), ERROR),
    "RETYPE_PASSWORD_MISMATCH": (Text("The two passwords differ."), ERROR),
    "EMAIL_NOT_PROVIDED": (Text("Enter an e-mail address."), ERROR),
    "INVALID_EMAIL_ADDRESS": (NO_ADDRESS, ERROR),
    "EMAIL_ALREADY_ASSOCIATED": (Text("This address has an account already."), ERROR),
    "CHANGE_EMAIL_SENT": (Text("If this address is free, we have sent it a link. Open it to make it yours."), INFO),
    "CHANGE_EMAIL_CONFIRMED": (Text("Your address is changed."), SUCCESS),
    "CHANGE_EMAIL_EXPIRED": (TOO_LATE, ERROR),
    "FAILED_TO_SEND_CODE": (Text("The code could not be sent. Try again later."), ERROR),
    "TWO_FACTOR_INVALID_TOKEN": (NO_RIGHT_CODE, ERROR),
    "INVALID_RECOVERY_CODE": (NO_RIGHT_CODE, ERROR),
    "TWO_FACTOR_LOGIN_SUCCESSFUL": (Text("You are logged in."), SUCCESS),
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": (Text("From now on a code is asked for at each log-in."), SUCCESS),
    "TWO_FACTOR_DISABLED": (Text("No code is asked for any longer."), SUCCESS),
    "TWO_FACTOR_PERMISSION_DENIED": (Text("Log in with your password first."), ERROR),
    "PHONE_INVALID": (Text("Give the number with its country, such as +49 151 12345678."), ERROR),
    "USE_CODE": (CODE, INFO),
    "TWO_FACTOR_METHOD_NOT_AVAILABLE": (Text("Choose one of the ways."), ERROR),
    "TWO_FACTOR_SETUP_EXPIRED": (OUTDATED, ERROR),
    "NO_RECOVERY_CODES_SETUP": (Text("You have no recovery codes yet."), INFO),
    "WEBAUTHN_EXPIRED": (OUTDATED, ERROR),
    "WEBAUTHN_NAME_REQUIRED": (Text("Give the passkey a name."), ERROR),
    "WEBAUTHN_NAME_INUSE": (Text("You have a passkey of this name already."), ERROR),
    "WEBAUTHN_NAME_NOT_FOUND": (Text("You have no passkey of this name."), ERROR),
    "WEBAUTHN_NAME_DISALLOWED_CHARACTERS": (Text("A name has letters, digits, spaces, hyphens and underscores."), ERROR),
    "WEBAUTHN_REGISTER_SUCCESSFUL": (Text("The passkey is added."), SUCCESS),
    "WEBAUTHN_CREDENTIAL_DELETED": (Text("The passkey is removed."), SUCCESS),
    "WEBAUTHN_CREDENTIAL_ID_INUSE": (Text("This passkey is added already."), ERROR),
    "WEBAUTHN_UNKNOWN_CREDENTIAL_ID": (Text("This passkey is not known here."), ERROR),
    "WEBAUTHN_ORPHAN_CREDENTIAL_ID": (Text("This passkey is not known here."), ERROR),
    "WEBAUTHN_NO_VERIFY": (Text("The passkey could not be checked. Try again."), ERROR),
    "WEBAUTHN_CREDENTIAL_WRONG_USAGE": (Text("This passkey is not meant for this."), ERROR),
    "WEBAUTHN_MISMATCH_USER_HANDLE": (Text("This passkey belongs to another account."), ERROR),
}

SUBJECTS: Mapping[str, Text] = {
    "EMAIL_SUBJECT_REGISTER": Text("Your account at SOMNIA"),
    "EMAIL_SUBJECT_CONFIRM": Text("Confirm your address"),
    "EMAIL_SUBJECT_PASSWORD_NOTICE": Text("Your password was changed"),
    "EMAIL_SUBJECT_PASSWORD_CHANGE_NOTICE": Text("Your password was changed"),
    "EMAIL_SUBJECT_PASSWORD_RESET": Text("A new password"),
    "EMAIL_SUBJECT_TWO_FACTOR": Text("Your code"),
    "CHANGE_EMAIL_SUBJECT": Text("Confirm your new address"),
}


class Spoken:
    """What the library asks for a sentence in the reader's language."""

    def gettext(self, sentence: str, **values: object) -> str:
        """Return a sentence of ours translated; one of the library's own as it is."""
        return sentence % values if "%(" in sentence else t(sentence, **{name: str(value) for name, value in values.items()})

    def format_list(self, words: list[str], **_: object) -> str:
        """Return words one after another."""
        return ", ".join(words)


def configure_words() -> dict[str, object]:
    """Return the library's settings with our sentences in them."""
    said: dict[str, object] = {f"SECURITY_MSG_{name}": (text.msgid, tone) for name, (text, tone) in MESSAGES.items()}
    return said | {f"SECURITY_{name}": text.msgid for name, text in SUBJECTS.items()}
