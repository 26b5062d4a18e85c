"""What people write stays text: markup in every field, brought before every page in a real browser, runs nowhere."""

from dataclasses import replace

import pytest
from dash import Dash
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import delete

from somnia_engine.text import Text
from somnia_server.access.kiosks import COOKIE as KIOSK_COOKIE
from somnia_server.access.sessions import COOKIE
from somnia_server.store import clinic_notes, emergencies, invitations, kiosks, persons, recordings, sharing_requests
from somnia_server.store.house import now
from somnia_server.store.nights import Kept, save_night
from somnia_server.store.persons import MedicalEntry, MedicalHistory
from somnia_server.store.sessions import begin_session
from somnia_server.store.tables import ClinicNoteRow, DeviceRow, FilterRow, TryRow, session
from tests.cast import NIGHT, Cast, make_cast, write_of_nights
from tests.components.made import night
from tests.reports import keep

pytestmark = [
    pytest.mark.browser,
    # a browser that goes on to the next page leaves files of the last one half sent
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

RUN = "window.ran=(window.ran||0)+1"
HEADS = (
    "<script>{}</script>", "<img src=x onerror={}>", "<svg onload={}>", "\"><script>{}</script>", "'><img src=x onerror={}>",
    "<body onload={}>", "<iframe srcdoc='<script>parent.ran=1</script>'>", "<a href='javascript:{}'>x</a>", "javascript:{}",
    "[x](javascript:{})", "![x](x\" onerror=\"{})", "<details open ontoggle={}>", "<input autofocus onfocus={}>",
    "<video><source onerror={}></video>", "<math><mi xlink:href='javascript:{}'>x</mi></math>", "<style>@import 'javascript:{}'</style>",
    "<object data='javascript:{}'></object>", "<embed src='javascript:{}'>", "<form action='javascript:{}'><input type=submit></form>",
    "<button onclick={} autofocus>x</button>", "</title><script>{}</script>", "</textarea><script>{}</script>",
    "</script><script>{}</script>", "--><script>{}</script>", "]]><script>{}</script>", "<scr<script>ipt>{}</script>",
    "<ScRiPt>{}</sCrIpT>", "<script >{}</script>", "<script/x>{}</script>", "<img/src=x/onerror={}>", "<img src=`x` onerror={}>",
    "<svg><script>{}</script></svg>", "<svg><animate onbegin={} attributeName=x dur=1s>", "<marquee onstart={}>x</marquee>",
    "<select autofocus onfocus={}>", "<audio src=x onerror={}>", "<link rel=stylesheet href='javascript:{}'>",
    "<meta http-equiv=refresh content='0;url=javascript:{}'>", "<base href='javascript:{}//'>", "<table background='javascript:{}'>",
    "<div style='background:url(javascript:{})'>x</div>",
    "<template><script>{}</script></template>", "<p title='</noscript><img src=x onerror={}>'>",
    "{{{{constructor.constructor('{}')()}}}}", "${{{}}}", "%3Cscript%3E{}%3C/script%3E", "&lt;script&gt;{}&lt;/script&gt;",
    "\\u003cscript\\u003e{}\\u003c/script\\u003e", "<b>{}</b><script>{}</script>", "\" onmouseover=\"{}\" x=\"",
)  # fmt: skip
PAYLOADS = tuple(head.replace("{{{{", "((").replace("}}}}", "))").replace("{}", RUN) for head in HEADS)
FEW = PAYLOADS[:2]
SLOW = 120_000
"""A watchdog for a page of a busy machine [ms]."""


@pytest.fixture(scope="module")
def cast(dash: Dash) -> Cast:
    cast = make_cast(dash.server, night())
    with dash.server.app_context():
        patient = cast.actor("patient")
        written = replace(night(), notes=tuple(Text(payload) for payload in PAYLOADS))
        cast.night_id = save_night(patient.id, written, kept=Kept(NIGHT, "marked"))
        persons.save_history(patient, MedicalHistory(tuple(MedicalEntry("diagnosis", payload) for payload in PAYLOADS)))
    return cast


def write(cast: Cast, payload: str) -> None:
    """Put markup into every text that one person writes and another sees."""
    patient, doctor = cast.actor("patient"), cast.actor("doctor")
    with cast.app.app_context():
        for kept in (
            TryRow,
            DeviceRow,
            FilterRow,
            ClinicNoteRow,
        ):  # nobody may do or keep as much as this run; that they may not is shown elsewhere
            session().execute(delete(kept))
        session().commit()
        for name in ("patient", "doctor", "admin"):
            actor = cast.actor(name)
            persons.save_profile(actor, replace(persons.load_profile(actor), name=payload[:120]))
            begin_session(actor.id, payload[:100])
        sharing_requests.ask_to_share(doctor, "other@example.org", message=payload)
        sharing_requests.ask_to_share(cast.actor("doctor_without"), "patient@example.org", message=payload)
        invitations.share_with_address(patient, "somebody@example.org")
        emergencies.break_glass(cast.actor("doctor_without"), cast.ids["other"], reason=payload.ljust(40, "."))
        pairing = kiosks.start_pairing(doctor, payload[:60])
        kiosks.add_bed(doctor, pairing.kiosk, patient=patient.id, alias=payload[:30])
        write_of_nights(cast, epochs=len(night().hypnogram.stages), words=lambda: payload)
        clinic_notes.write(cast.actor("admin"), payload, last_day=now().date())
        recordings.add_upload(patient, f"{payload[:100].replace('/', '_')}.csv", size=10)


VISITS = {
    "patient": (
        "/",
        "/upload",
        "/nights",
        "/night/{night}",
        "/settings",
        "/sharing",
        "/activity",
        "/notices",
        "/trends",
        "/compare",
        "/visits",
    ),
    "other": ("/notices", "/activity", "/sharing"),
    "doctor": (
        *("/patients", "/patient/{patient}", "/night/{night}", "/notices", "/sharing"),
        *("/worklist", "/review/{night}", "/visits", "/trends/{patient}"),
    ),
    "doctor_without": ("/patients", "/notices"),
    "admin": ("/admin", "/activity"),
    "kiosk": ("/kiosk",),
}


def opened(browser: Browser, cast: Cast, place: str, *, who: str) -> BrowserContext:
    context = browser.new_context(base_url=place)
    name = KIOSK_COOKIE if who == "kiosk" else COOKIE
    cookie = cast.browsers[who].get_cookie(name)
    assert cookie is not None
    context.add_cookies([{"name": name, "value": cookie.value, "url": place}])
    return context


def visit(page: Page, path: str, wrong: list[str]) -> str:
    page.goto(path)
    page.wait_for_load_state("networkidle", timeout=SLOW)
    if page.evaluate("window.ran") is not None:
        wrong.append(f"{path}: a script ran")
    return page.content()


def tried(browser: Browser, cast: Cast, place: str, payloads: tuple[str, ...]) -> tuple[list[str], int]:
    """Return what went wrong, and on how many pages a payload was seen as text."""
    wrong: list[str] = []
    seen = 0
    for payload in payloads:
        write(cast, payload)
        for who, paths in VISITS.items():
            context = opened(browser, cast, place, who=who)
            page = context.new_page()
            page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
            page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
            for path in paths:
                content = visit(page, path.format(night=cast.night_id, patient=cast.ids["patient"]), wrong)
                seen += "window.ran" in content
            context.close()
    return wrong, seen


def test_a_few_payloads_run_nowhere(browser: Browser, cast: Cast, place: str) -> None:
    wrong, seen = tried(browser, cast, place, FEW)
    assert wrong == []
    assert seen >= 6 * len(FEW), "the payloads did not reach the pages, so nothing was shown"


@pytest.mark.slow
def test_fifty_payloads_run_nowhere(browser: Browser, cast: Cast, place: str) -> None:
    assert len(PAYLOADS) == 50
    wrong, seen = tried(browser, cast, place, PAYLOADS)
    found = {
        "payloads": str(len(PAYLOADS)),
        "pages on which one was seen, as text": f"{seen:,}",
        "scripts that ran, or that only the policy stopped": str(len(wrong)),
    }
    keep("r9-markup", "Markup in every field, before every page, in Chromium (R9)", found=found)
    assert wrong == []
    assert seen >= 6 * len(PAYLOADS)
