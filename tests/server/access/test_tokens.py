import base64
import json
import random
from datetime import timedelta

import jwt
import pytest

from somnia_server.access import tokens
from somnia_server.store.house import house, now
from somnia_server.store.tokens import Refresh
from tests import reports

pytestmark = pytest.mark.usefixtures("context")
REFRESH = Refresh("r", "f" * 32, "u-" + "1" * 32, "somnia", "nights:read", 600)


def genuine() -> dict[str, object]:
    found = tokens.claims_of(tokens.access_token(REFRESH))
    assert found is not None
    return found


def signed(claims: dict[str, object], *, key: bytes | None = None, alg: str = "HS256", **head: object) -> str:
    headers = {"typ": tokens.TYPE, "kid": tokens.KEY_ID} | head
    return jwt.encode(claims, key or house().vault.derive(b"somnia tokens"), algorithm=alg, headers=headers)


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_genuine_token_counts():
    assert genuine()["sub"] == REFRESH.user_id
    assert tokens.claims_of(signed(genuine())) is not None


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"},
        {"aud": ["somnia api", "another"]},
        {"iss": "another"},
        {"sub": 7},
        {"scope": ["nights:read"]},
        {"family": None},
        {"exp": 1},
        {"iat": 99999999999},
    ],
)
def test_a_token_that_we_signed_for_something_else_does_not_count(claims):
    assert tokens.claims_of(signed(genuine() | claims)) is None


@pytest.mark.parametrize("missing", tokens.CLAIMS)
def test_a_token_without_one_of_its_claims_does_not_count(missing):
    assert tokens.claims_of(signed({name: value for name, value in genuine().items() if name != missing})) is None


@pytest.mark.parametrize(
    "head",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"kid": "../../dev/null"},
        {"kid": "2"},
        {"kid": "1' OR '1'='1"},
        {"jku": "https://evil.example/k"},
        {"x5u": "x"},
    ],
)
def test_a_head_that_is_not_ours_does_not_count(head):
    assert tokens.claims_of(signed(genuine(), **head)) is None


def test_unsigned_and_otherwise_signed_tokens_do_not_count():
    claims = {**genuine(), "exp": (now() + timedelta(days=1)).timestamp()}
    for alg in ("none", "None", "NONE", "nOnE", "HS512", "RS256", "ES256", ""):
        head = {"alg": alg, "typ": tokens.TYPE, "kid": tokens.KEY_ID}
        for signature in ("", "AAAA"):
            assert tokens.claims_of(f"{part(head)}.{part(claims)}.{signature}") is None
    assert tokens.claims_of(signed(claims, key=b"another key of thirty-two bytes..")) is None


def mutant(rng: random.Random, token: str) -> str:
    """Return a token in which something was changed."""
    at = rng.randrange(len(token))
    sign = rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    how = rng.choice(("flip", "cut", "add", "swap", "twice", "claims"))
    if how == "flip":
        return token[:at] + sign + token[at + 1 :]
    if how == "cut":
        return token[:at] + token[at + 1 + rng.randrange(20) :]
    if how == "add":
        return token[:at] + sign + token[at:]
    head, body, signature = token.split(".")
    if how == "swap":
        return ".".join(rng.sample([head, body, signature], 3))
    if how == "twice":
        return f"{token}.{signature}" if rng.random() < 0.5 else f"{head}.{body}.{signature[::-1]}"
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims[rng.choice(sorted(claims))] = rng.choice([REFRESH.user_id[:-1] + "2", "admin", 99999999999, None, ["admin"]])
    return f"{head}.{part(claims)}.{signature}"


def same(one: str, other: str) -> bool:
    """Return whether two tokens carry the same bytes: the last sign of a part has bits that mean nothing."""
    try:
        return [base64.urlsafe_b64decode(x + "=" * (-len(x) % 4)) for x in one.split(".")] == [
            base64.urlsafe_b64decode(x + "=" * (-len(x) % 4)) for x in other.split(".")
        ]
    except ValueError:
        return False


def accepted(times: int) -> int:
    token = tokens.access_token(REFRESH)
    mutants = (mutant(random.Random(seed), token) for seed in range(times))
    return sum(tokens.claims_of(one) is not None for one in mutants if one != token and not same(one, token))


def test_no_mutant_of_a_token_counts():
    assert accepted(1000) == 0


@pytest.mark.slow
def test_no_mutant_of_ten_thousand_counts():
    assert accepted(10_000) == 0
    reports.keep("r7-tokens", "Forged access tokens (R7)", found={"mutants of a valid token": "10,000", "accepted": "0"})
