import pytest

from somnia_server.access.callbacks import parts_of
from somnia_server.access.doors import CALLS, CALLS_HERE, EXTENSION
from somnia_server.access.rules import RULES
from somnia_server.access.visitor import CSRF_COOKIE, CSRF_HEADER, visitor_from_cookie
from tests.server.conftest import TUS, Visitor

CALLBACK = "/_dash-update-component"
ASKED = {"output": "upload-found.children", "outputs": {"id": "upload-found", "property": "children"}, "inputs": [], "state": []}


def csrf(visitor: Visitor) -> dict[str, str]:
    return {CSRF_HEADER: visitor.client.get_cookie(CSRF_COOKIE).value}


def test_who_brings_no_cookie_reaches_nothing_but_pages_and_health(app):
    client = app.test_client(use_cookies=False)
    assert client.get("/api/v1/health").status_code == 200
    assert client.get("/any/page").status_code == 200
    for method, path in (
        ("post", CALLBACK),
        ("post", "/upload/tus"),
        ("patch", "/upload/tus/x"),
        ("delete", "/upload/tus/x"),
    ):
        assert getattr(client, method)(path, headers=TUS).status_code == 401, path


def test_every_rule_but_the_open_ones_is_closed_to_strangers(app):
    client = app.test_client(use_cookies=False)
    for rule in app.url_map.iter_rules():
        if rule.rule in RULES and RULES[rule.rule].unknown:
            continue
        path = rule.rule.replace("<upload_id>", "x")
        for method in rule.methods - {"HEAD"}:
            assert client.open(path, method=method, headers=TUS).status_code in (401, 404), (method, path)


def test_a_page_gives_a_visitor_an_id_of_its_own(app):
    one, two = Visitor(app), Visitor(app)
    assert one.actor != two.actor
    actor = one.actor
    one.client.get("/another/page")
    assert one.actor == actor


def test_the_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(app):
    cookie = next(c for c in app.test_client().get("/page").headers.getlist("Set-Cookie") if c.startswith("somnia_visitor="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_under_tls_the_cookie_is_bound_to_this_host(environ):
    from somnia_server import create_server
    from somnia_server.settings import Settings

    app = create_server(Settings.from_env(environ | {"SOMNIA_TLS": "1"}))
    app.add_url_rule("/<path:path>", view_func=lambda path: "page", endpoint="page")
    answer = app.test_client().get("/page", base_url="https://localhost")
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if "somnia_visitor" in c)
    assert cookie.startswith("__Host-somnia_visitor=")
    assert "Secure" in cookie
    assert "max-age" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize("value", ["", "x", "v-0", "InYtMDAi.x.y"])
def test_a_forged_cookie_is_no_cookie(app, visitor, value):
    with app.app_context():
        assert visitor_from_cookie(value) is None
        genuine = visitor.client.get_cookie("somnia_visitor").value
        assert visitor_from_cookie(genuine[:-2] + ("AA" if genuine[-2:] != "AA" else "BB")) is None


def test_a_callback_needs_the_token_of_its_own_visitor(visitor, stranger):
    assert visitor.client.post(CALLBACK, json=ASKED).status_code == 403
    assert visitor.client.post(CALLBACK, json=ASKED, headers=csrf(stranger)).status_code == 403
    assert visitor.client.post(CALLBACK, json=ASKED, headers=csrf(visitor)).status_code == 200


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}])
def test_another_site_cannot_post_in_a_visitors_name(visitor, headers):
    assert visitor.client.post(CALLBACK, json=ASKED, headers=csrf(visitor) | headers).status_code == 403
    assert visitor.client.post("/upload/tus", headers={**TUS, "Upload-Length": "5"} | headers).status_code == 403


def test_the_pages_own_origin_may_post(visitor):
    own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert visitor.client.post(CALLBACK, json=ASKED, headers=csrf(visitor) | own).status_code == 200


def test_pages_carry_the_headers_that_keep_a_browser_safe(visitor):
    headers = visitor.client.get("/page").headers
    policy = headers["Content-Security-Policy"]
    script = next(part for part in policy.split(";") if "script-src" in part)
    assert "unsafe" not in script
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"


def test_named_inline_scripts_may_run(app, visitor):
    from somnia_server.access.gate import allow_scripts

    allow_scripts(app, ("'sha256-abc='",))
    assert "script-src 'self' 'sha256-abc='" in visitor.client.get("/page").headers["Content-Security-Policy"]


def test_an_address_without_a_rule_is_closed_to_everybody(visitor):
    assert visitor.client.get("/api/secret").status_code == 404


@pytest.mark.parametrize(
    ("output", "parts"),
    [
        ("night-figure.data", {"night"}),
        ("..upload-jobs.children...upload-poll.disabled@4f..", {"upload"}),
        ("..upload-jobs.children...admin-list.children..", {"upload", "admin"}),
        ('{"type":"upload-row","upload":["MATCH"]}.children', {"upload"}),
        ('{"type":"upload-row.x","upload":["a.b}"]}.children', {"upload"}),
        ("_pages_content.children", {"_pages"}),
        ("", {""}),
        ("{broken.children", {""}),
    ],
)
def test_a_callbacks_output_tells_whose_it_is(output, parts):
    assert parts_of(output) == parts


@pytest.mark.parametrize(
    "asked", [{}, {"output": "admin-list.children"}, {"output": "..upload-found.children...admin-list.children.."}, [], "x"]
)
def test_a_callback_of_no_part_of_ones_own_is_not_there(visitor, asked):
    assert visitor.client.post(CALLBACK, json=asked, headers=csrf(visitor)).status_code == 404


def test_who_asks_faster_than_hands_can_waits_and_others_do_not(visitor, stranger, caplog):
    counted = visitor.app.extensions[EXTENSION][1]
    assert counted.hit(CALLS, visitor.actor.id, cost=CALLS.amount - 1)
    asked = [visitor.client.post(CALLBACK, json=ASKED, headers=csrf(visitor)) for _ in range(2)]
    assert [answer.status_code for answer in asked] == [200, 429]
    assert 0 < int(asked[1].headers["Retry-After"]) <= 60
    assert "refused 429 POST" in caplog.text
    assert stranger.client.post(CALLBACK, json=ASKED, headers=csrf(stranger)).status_code == 200


def test_fresh_visitors_do_not_make_an_address_faster(app, visitor):
    assert app.extensions[EXTENSION][1].hit(CALLS_HERE, "127.0.0.1", cost=CALLS_HERE.amount)
    assert visitor.client.post(CALLBACK, json=ASKED, headers=csrf(visitor)).status_code == 429
