"""A small identity provider (OpenID Connect) on loopback: discovery, authorize, token, keys; and the ways in which one may lie."""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey


class Provider:
    """Vouches for whoever `subject` names; `lies` changes what it says, `algorithm` how it signs."""

    client_id, client_secret = "somnia", "a secret of both"

    def __init__(self) -> None:
        self.subject = "ann-at-the-provider"
        self.lies: dict[str, Any] = {}
        self.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"}, auto_kid=False)
        self.signs_with = self.key
        self.header = {"alg": "RS256", "kid": "1"}
        self.codes: dict[str, dict[str, str]] = {}
        self.challenges: list[str] = []
        self.given: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = self.claimed = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.claimed,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }

    def authorize(self, url: str) -> str:
        """Return where the provider sends the browser back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["client_id"] == self.client_id
        assert asked["code_challenge_method"] == "S256"
        assert asked["response_type"] == "code"
        self.challenges.append(asked["code_challenge"])
        code = secrets.token_hex(8)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form.get("code", ""), None)
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        if asked is None or given.split(":")[0] != self.client_id:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        at = int(time.time())
        claims = {"iss": self.issuer, "aud": self.client_id, "sub": self.subject, "nonce": asked.get("nonce"), "iat": at, "exp": at + 300}
        claims = {name: value for name, value in (claims | self.lies).items() if value is not None}
        token = jwt.encode(self.header, claims, self.signs_with, algorithms=[self.header["alg"]])
        access = secrets.token_urlsafe(24)
        self.given += [access, token]
        return 200, {"access_token": access, "token_type": "Bearer", "id_token": token}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answers = {
                    "/.well-known/openid-configuration": provider.metadata,
                    "/jwks": lambda: {"keys": [provider.key.as_dict(private=False)]},
                }
                self.say(200, answers[self.path]())

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.say(*provider.token({name: values[0] for name, values in form.items()}, self.headers.get("Authorization", "")))

            def say(self, status: int, answer: dict[str, Any]) -> None:
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
