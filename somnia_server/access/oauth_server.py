"""The rules by which others' programs get tokens (OAuth 2.0: code with PKCE, rotating refresh tokens), on Authlib's server."""

from typing import Any, ClassVar

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Payload, FlaskOAuth2Request
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidRequestError, InvalidScopeError, OAuth2Error
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7636.challenge import compare_s256_code_challenge
from flask import request as current

from somnia_server.api.auth import tokens
from somnia_server.store.clients import Client, Code, find_client, find_code, give_code, redeem
from somnia_server.store.tokens import Refresh, end_token, rotate

__all__ = ["OAuth2Error", "server"]

PUBLIC = ("none",)
METHOD = "S256"


class Registered:
    """A registered program as the library asks for it: public, so that it proves itself by its code's challenge."""

    def __init__(self, client: Client) -> None:
        self.client, self.client_id = client, client.id

    def check_redirect_uri(self, uri: str) -> bool:
        """Return whether an address is one of those that were registered, letter by letter."""
        return uri in self.client.redirect_uris

    def get_default_redirect_uri(self) -> None:
        """Return none: a program says where it wants its answer."""

    def check_response_type(self, response_type: str) -> bool:
        """Return whether the program may ask for this."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Return whether the program may bring this."""
        return grant_type in ("authorization_code", "refresh_token")

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Return whether the program proves itself so: it has no secret."""
        return method in PUBLIC

    def get_allowed_scope(self, scope: str | None) -> str:
        """Return what was asked for; everything that the program may ask for when it names nothing."""
        return " ".join(sorted(set((scope or self.client.scope).split())))


class Challenged(CodeChallenge):  # type: ignore[misc]
    """PKCE that nobody can leave out, by S256 only."""

    SUPPORTED_CODE_CHALLENGE_METHOD = (METHOD,)
    CODE_CHALLENGE_METHODS: ClassVar = {METHOD: compare_s256_code_challenge}

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Refuse a request that could not be proved later."""
        if grant.request.payload.data.get("code_challenge_method") != METHOD:
            raise InvalidRequestError("'code_challenge_method' must be S256")
        super().validate_code_challenge(grant, redirect_uri)

    def get_authorization_code_challenge(self, authorization_code: "Kept") -> str:
        """Return what the bearer of a code must prove."""
        return authorization_code.code.challenge

    def get_authorization_code_challenge_method(self, authorization_code: "Kept") -> str:
        """Return how."""
        return METHOD


class Kept:
    """A code as the library asks for it."""

    def __init__(self, code: Code) -> None:
        self.code = code

    def get_redirect_uri(self) -> str:
        """Return where the code was sent."""
        return self.code.redirect_uri


class ByCode(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    """Tokens for a code that a person's yes was answered with."""

    TOKEN_ENDPOINT_AUTH_METHODS = PUBLIC

    def validate_requested_scope(self) -> None:
        """Refuse scopes that the program was not registered for."""
        client = self.server.query_client(self.request.payload.client_id)
        if not set((self.request.payload.scope or "").split()) <= set(client.client.scope.split()):
            raise InvalidScopeError()

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Keep a code."""
        said, actor = request.payload, request.user
        challenge = said.data["code_challenge"]
        give_code(actor, request.client.client, code=code, redirect_uri=said.redirect_uri, scope=request.scope, challenge=challenge)

    def query_authorization_code(self, code: str, client: Registered) -> Kept | None:
        """Return a code of a program's that counts now."""
        found = find_code(code, client.client_id)
        return None if found is None else Kept(found)

    def create_token_response(self) -> tuple[int, dict[str, Any], Any]:
        """Return the tokens, to the first who proves the code."""
        return _answer(redeem(self.request.authorization_code.code.digest))


class ByRefresh(grants.RefreshTokenGrant):  # type: ignore[misc]
    """Tokens for a refresh token, which counts once."""

    TOKEN_ENDPOINT_AUTH_METHODS = PUBLIC

    def validate_token_request(self) -> None:
        """Find out which program asks."""
        self.request.client = self.authenticate_token_endpoint_client()
        if not self.request.form.get("refresh_token"):
            raise InvalidRequestError("Missing 'refresh_token' in request.")

    def create_token_response(self) -> tuple[int, dict[str, Any], Any]:
        """Return the next tokens."""
        return _answer(rotate(self.request.form["refresh_token"], client=self.request.client.client_id))


class Ending(RevocationEndpoint):  # type: ignore[misc]
    """A program gives back what it got, access tokens included."""

    CLIENT_AUTH_METHODS = PUBLIC

    def query_token(self, token: str, _hint: str | None) -> str:
        """Return the token: whoever has it may end it."""
        return token

    def authenticate_token(self, request: Any, client: Registered) -> str:
        """Return the token that is given back."""
        self.check_params(request, client)
        return str(request.form["token"])

    def revoke_token(self, token: str, _request: Any) -> None:
        """End the token's family."""
        end_token(token)


class Asked(FlaskOAuth2Request):  # type: ignore[misc]
    """A request; whether it must come by TLS was decided when the server started, not here."""

    def __init__(self, request: Any) -> None:
        secure = request.url if request.is_secure else "https" + request.url.removeprefix(request.scheme)
        super(FlaskOAuth2Request, self).__init__(method=request.method, uri=secure, headers=request.headers)
        self._request = request
        self.payload = FlaskOAuth2Payload(request)


class House(AuthorizationServer):  # type: ignore[misc]
    """The library's server over our own store."""

    def create_oauth2_request(self, request: Any) -> Asked:
        """Return the current request."""
        return Asked(current)


def _answer(refresh: Refresh | None) -> tuple[int, dict[str, Any], Any]:
    if refresh is None:
        raise InvalidGrantError()
    return 200, tokens(refresh), grants.AuthorizationCodeGrant.TOKEN_RESPONSE_HEADER


def _client(client_id: str) -> Registered | None:
    found = find_client(client_id)
    return None if found is None else Registered(found)


def server() -> AuthorizationServer:
    """Return the server, with everything that it grants."""
    made = House(query_client=_client)
    made.scopes_supported = None
    made.register_grant(ByCode, [Challenged(required=True)])
    made.register_grant(ByRefresh)
    made.register_endpoint(Ending)
    return made
