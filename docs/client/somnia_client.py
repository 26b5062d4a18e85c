# ruff: noqa: E501, PLR0913
"""A client of SOMNIA's API in one file without dependencies: `python deploy/make_client.py` writes it from the API's own document."""

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict, cast
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

PIECE_BYTES = 64 << 20
TRIES = 5
PASSES = frozenset({409, 423, 429, 460})
"""Refusals of a piece after which it is worth asking where the file goes on."""
Kind = Literal["audio", "video", "recording"]


class AccountEntry(TypedDict):
    """An account without anything of its person."""

    created_at: str
    id: str
    role: Literal["user", "doctor", "admin"]
    state: Literal["active", "unconfirmed", "disabled"]


class AccountEntries(TypedDict):
    """All accounts, the newest first."""

    accounts: list[AccountEntry]


class Said(TypedDict):
    """A version of what a doctor says of a night; `again`: it was analyzed anew after it was signed."""

    again: bool
    changed_at: str
    name: str
    signed_at: str | None
    state: Literal["started", "pending", "signed"]
    text: str
    version: int


class AllSaid(TypedDict):
    """All versions, the newest first; the person and a guardian see the signed ones."""

    interpretations: list[Said]


class Credentials(TypedDict):
    """What a person knows; `code` is from their app, or a recovery code, when the account asks for a second factor."""

    code: NotRequired[str]
    email: str
    password: str
    scope: NotRequired[str]


class DeviceEntry(TypedDict):
    """A device; `waits`: its code was not used yet."""

    created_at: str
    id: str
    name: str
    seen_at: str | None
    waits: bool


class DeviceEntries(TypedDict):
    """The caller's devices, newest first."""

    devices: list[DeviceEntry]


class Disorder(TypedDict):
    """One disorder: what it is, what is measured of it, what that cannot say, when to see a doctor; `rule` judges it."""

    about: list[str]
    doctor: list[str]
    key: str
    limits: list[str]
    measured: list[str]
    name: str
    rule: str
    sources: list[str]


class Disorders(TypedDict):
    """All that are judged."""

    disorders: list[Disorder]


class Enrolled(TypedDict):
    """The name of the device's key (12 hexadecimal digits) and the server's X25519 public key (base64)."""

    key_id: str
    public_key: str


class Enrollment(TypedDict):
    """The code that the person reads from their settings, and the device's X25519 public key (32 bytes, base64)."""

    code: str
    public_key: str


class Problem(TypedDict):
    """What was refused and why; `fields` names what is wrong in what was sent, `id` finds an unforeseen error in the log."""

    code: str
    fields: NotRequired[dict[str, list[str]] | None]
    id: NotRequired[str | None]
    message: str
    status: int


class ErrorBody(TypedDict):
    """The answer to a request that was refused."""

    error: Problem


class Figure(TypedDict):
    """One figure of a model with its 95 % interval; null is unknown, `passed` is null where no goal was set."""

    figure: str
    high: float | None
    low: float | None
    n_people: int | None
    n_units: int | None
    passed: bool | None
    protocol: str
    task: str
    unit: str | None
    value: float | None


class Found(TypedDict):
    """A night in a file; times are null where the file has none."""

    duration_s: float
    end: str | None
    night: str | None
    start: str | None


class Given(TypedDict):
    """What came of giving: the doctor of the address may look now or will when they have an account; or the code to hand over."""

    code: str | None


class GrantBody(TypedDict):
    """To whom: the e-mail address of a doctor; without one the answer carries a code that one doctor redeems. `subject`: a ward."""

    days: NotRequired[int]
    email: NotRequired[str | None]
    first_night: NotRequired[str | None]
    last_night: NotRequired[str | None]
    may_upload: NotRequired[bool]
    scope: NotRequired[Literal["nights", "reports"]]
    subject: NotRequired[str]


class TermsBody(TypedDict):
    """What is opened: whole nights or their reports, from and to which night (null: no bound), uploads, for how many days."""

    days: NotRequired[int]
    first_night: NotRequired[str | None]
    last_night: NotRequired[str | None]
    may_upload: NotRequired[bool]
    scope: NotRequired[Literal["nights", "reports"]]


class GrantEntry(TypedDict):
    """A grant; `name` is what the other side is called, `state` says whether it counts now."""

    created_at: str
    doctor: str
    expires_at: str
    id: str
    kind: Literal["consent", "emergency"]
    name: str
    patient: str
    revoked_at: str | None
    state: Literal["alive", "expired", "revoked", "disabled"]
    terms: TermsBody


class InvitationEntry(TypedDict):
    """A grant that waits for its doctor: for the one of an address, or (null) for whoever brings its code."""

    created_at: str
    email: str | None
    expires_at: str
    id: str
    state: Literal["waiting", "used", "withdrawn", "over"]
    terms: TermsBody


class Grants(TypedDict):
    """To whom a person grants and granted, who grants to the caller as a doctor now, and what waits for its doctor."""

    grants: list[GrantEntry]
    invitations: list[InvitationEntry]
    next: str | None
    received: list[GrantEntry]


class Health(TypedDict):
    """Whether the database answers, and which version this is."""

    status: Literal["ok"]
    version: str


class HookBody(TypedDict):
    """Where to tell, about what, and the secret that signs it: `whsec_` and 24 to 64 bytes in base64; without one, one is made."""

    events: NotRequired[list[Literal["night.ready", "night.signed", "grant.changed"]]]
    secret: NotRequired[str | None]
    url: str


class HookEntry(TypedDict):
    """A webhook; `failures` tries in a row failed, `disabled_at`: it was switched off for that (a ping switches it on again)."""

    created_at: str
    disabled_at: str | None
    events: list[str]
    failures: int
    id: str
    url: str


class HookEntries(TypedDict):
    """The caller's webhooks, newest first; secrets are not shown again."""

    webhooks: list[HookEntry]


class JobEntry(TypedDict):
    """An analysis: `fraction` 0..1 of its work, `eta_s` seconds left if known, `error` why it failed, `night_id` what it made."""

    created_at: str
    error: str | None
    error_id: str | None
    eta_s: float | None
    finished_at: str | None
    fraction: float
    href: str
    id: str
    night: str | None
    night_href: str | None
    night_id: str | None
    stage: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]


class JobEntries(TypedDict):
    """The analyses of the caller's files, the newest first."""

    jobs: list[JobEntry]
    next: str | None


class Looked(TypedDict):
    """What a file holds; `needs_start`: it does not say when it began, `zone` null: nor where."""

    channels: list[str]
    format: str
    needs_start: bool
    nights: list[Found]
    zone: str | None


class Made(TypedDict):
    """The new webhook's id, and its secret, which is shown this once."""

    id: str
    secret: str


class Maintainer(TypedDict):
    """Who answers for the program, and for what of it."""

    name: str
    role: str


NightDocument = dict[str, Any]


class NightEntry(TypedDict):
    """A night as a list shows it; lengths in minutes, null where nothing was measured; `damaged`: what is kept of it was changed."""

    created_at: str
    damaged: bool
    demo: bool
    expires_at: str | None
    id: str
    night: str
    se_pct: float | None
    sources: list[str]
    start: str | None
    tst_min: float | None
    zone: str | None


class NightEntries(TypedDict):
    """A person's nights, newest first."""

    next: str | None
    nights: list[NightEntry]


class OAuthError(TypedDict):
    """A refusal in the words of RFC 6749."""

    error: str
    error_description: NotRequired[str]
    error_uri: NotRequired[str]


class Order(TypedDict):
    """Which files are to become nights; `zone` and `start` are for files that do not say them, `nights` picks some (else all)."""

    lights_off: NotRequired[str | None]
    lights_on: NotRequired[str | None]
    nights: NotRequired[list[str] | None]
    start: NotRequired[str | None]
    uploads: list[str]
    zone: NotRequired[str | None]


class Ordered(TypedDict):
    """The analyses that were queued, one a night; the same files again while they wait are the same jobs."""

    jobs: list[JobEntry]


class ProfileBody(TypedDict):
    """Who a person is; null is unsaid."""

    birth_date: NotRequired[str | None]
    due_date: NotRequired[str | None]
    gestation_on: NotRequired[str | None]
    gestation_weeks: NotRequired[float | None]
    height_cm: NotRequired[float | None]
    infant: NotRequired[bool]
    language: NotRequired[str | None]
    name: NotRequired[str | None]
    sex: NotRequired[Literal["female", "male", "other"] | None]
    weight_kg: NotRequired[float | None]
    zone: NotRequired[str | None]


class ProgramEntry(TypedDict):
    """A program that acts for the caller; `name` is null for our own programs, which log in by address and password."""

    began_at: str
    id: str
    name: str | None
    scope: str
    seen_at: str


class ProgramEntries(TypedDict):
    """The programs that act for the caller now."""

    programs: list[ProgramEntry]


class Proof(TypedDict):
    """The password of the account, once more."""

    password: str


class RefreshBody(TypedDict):
    """A refresh token; it counts once."""

    refresh_token: str


class RemarkBody(TypedDict):
    """What was noted of a night: free words, and tags, each once."""

    note: NotRequired[str]
    tags: NotRequired[list[str]]


class SignedReport(TypedDict):
    """A version that a doctor signed: who, when, the words."""

    name: str
    signed_at: str
    text: str
    version: int


class ReportEntry(TypedDict):
    """A night's report: where it is and in which forms `Accept` may ask for it; `signed` holds every signed version."""

    demo: bool
    href: str
    media: list[str]
    night: str
    night_id: str
    signed: list[SignedReport]


class ReportEntries(TypedDict):
    """A person's reports, the newest night first."""

    next: str | None
    reports: list[ReportEntry]


class SayBody(TypedDict):
    """What a doctor says; `state`: kept as begun, handed to who signs, or signed, which cannot be undone."""

    state: NotRequired[Literal["started", "pending", "signed"]]
    text: str


class SettingsBody(TypedDict):
    """How a person wants things."""

    ai_text: NotRequired[bool]
    camera_look: NotRequired[Literal["", "above", "oblique", "level"]]
    clock: NotRequired[Literal[24, 12]]
    email_notices: NotRequired[list[Literal["night", "sharing", "access", "emergency", "visit"]]]
    full_scale_db: NotRequired[float | None]
    loud_clips: NotRequired[bool]
    mat_head: NotRequired[Literal["first", "last"]]
    night_split_h: NotRequired[int]
    quiet_notices: NotRequired[list[Literal["night", "access", "visit"]]]
    raw_retention_h: NotRequired[float | None]
    units: NotRequired[Literal["metric", "imperial"]]


class ShippedModel(TypedDict):
    """One model: what its card says of it, and the figures it was shipped with."""

    data: str | None
    figures: list[Figure]
    kind: str | None
    limits: list[str]
    name: str
    task: str | None
    version: str | None


class TagBody(TypedDict):
    """A tag."""

    tag: str


class Taken(TypedDict):
    """What became of a packet: its job, and once that is done its night; `known`: the same packet was here before."""

    job: str
    known: bool
    night: str | None
    state: str


class Team(TypedDict):
    """The project, its version, its maintainers, its models."""

    license: str
    maintainers: list[Maintainer]
    models: list[ShippedModel]
    project: str
    version: str


class Tokens(TypedDict):
    """An access token, for how many seconds it counts, and the refresh token for the next."""

    access_token: str
    expires_in: int
    refresh_expires_in: int
    refresh_token: str
    scope: str
    token_type: NotRequired[str]


class TrendEntry(TypedDict):
    """The numbers of one recording, units in their names; null where one was not measured."""

    demo: bool
    id: str
    night: str
    values: dict[str, float | None]


class Trend(TypedDict):
    """A person's recordings in order of time, naps too; of several analyses of a night the last."""

    metrics: list[str]
    nights: list[TrendEntry]


class UploadEntry(TypedDict):
    """A file: what has arrived of it [bytes], its digest once it is whole, and what it holds once somebody looked."""

    created_at: str
    expires_at: str
    found: Looked | None
    href: str
    id: str
    kind: Literal["audio", "video", "recording"] | None
    name: str
    received: int
    sha256: str | None
    size: int
    state: Literal["receiving", "ready", "damaged"]


class UploadEntries(TypedDict):
    """The caller's files that wait here, oldest first."""

    next: str | None
    uploads: list[UploadEntry]


class Waiting(TypedDict):
    """A patient who shares now, with their newest night that is open; counts are of all that are."""

    analyzed_at: str | None
    may_upload: bool
    name: str | None
    new: int
    night: str | None
    night_id: str | None
    nights: int
    patient: str
    reading: Literal["new", "started", "pending", "signed", "resign"]
    state: Literal["recording", "processing", "review", "short", "incomplete", "demo", "none", "damaged"]
    under_way: list[str]
    unsigned: int


class Worklist(TypedDict):
    """Who waits, the newest night first."""

    next: str | None
    patients: list[Waiting]


class ApiError(Exception):
    """A refusal: `status` and `code` as the server has them, its sentence, which fields are wrong, when to come again [s]."""

    def __init__(self, status: int, code: str, message: str, fields: dict[str, list[str]], wait_s: float = 0.0) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.fields, self.wait_s = status, code, message, fields, wait_s


def _part(value: str) -> str:
    return quote(value, safe="")


def _refusal(error: HTTPError) -> ApiError:
    try:
        said, wait_s = json.loads(error.read())["error"], float(error.headers.get("Retry-After", 0))
        return ApiError(error.code, said["code"], said["message"], said.get("fields", {}), wait_s)
    except (ValueError, KeyError, TypeError):
        return ApiError(error.code, "unknown", str(error.reason), {})


class Somnia:
    """A server, and who asks: `Somnia("https://sleep.example.org")`, then `enter`."""

    def __init__(self, address: str, *, token: str | None = None, timeout_s: float = 60.0) -> None:
        self.address, self.token, self.timeout_s = address.rstrip("/"), token, timeout_s

    def enter(self, email: str, password: str, scope: str, *, code: str = "") -> Tokens:
        """Log in; from now on every request brings the token."""
        tokens = self.login({"email": email, "password": password, "scope": scope, "code": code})
        self.token = tokens["access_token"]
        return tokens

    def upload_file(self, kind: Kind, path: Path, *, piece_bytes: int = PIECE_BYTES) -> UploadEntry:
        """Bring a file in pieces that are checked one by one; after a break it goes on where it stopped."""
        size, tries = path.stat().st_size, TRIES
        upload = self.upload(kind, name=path.name, upload_length=size)
        received = upload["received"]
        with path.open("rb") as file:
            while received < size:
                file.seek(received)
                piece = file.read(piece_bytes)
                checksum = f"sha256 {base64.b64encode(hashlib.sha256(piece).digest()).decode()}"
                try:
                    self.continue_upload(upload["id"], piece, upload_offset=received, upload_checksum=checksum)
                    received, tries = received + len(piece), TRIES
                except (ApiError, OSError) as error:
                    tries -= 1
                    if not tries or (isinstance(error, ApiError) and error.status not in PASSES):
                        raise
                    time.sleep(max(1.0, getattr(error, "wait_s", 0.0)))
                    received = self.read_upload(upload["id"])["received"]
        return self.read_upload(upload["id"])

    def night_as(self, night_id: str, media: str) -> bytes:
        """Return a night in another form: text/csv, application/edf, application/fhir+json, application/pdf and others."""
        return self._bytes("GET", f"/api/v1/nights/{_part(night_id)}", headers={"Accept": media})

    def _json(self, method: str, path: str, *, said: object = None, **more: Any) -> Any:
        if said is not None:
            more |= {"body": json.dumps(said).encode(), "media": "application/json"}
        answer = self._bytes(method, path, **more)
        return json.loads(answer) if answer else None

    def _bytes(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        media: str = "",
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, object] | None = None,
    ) -> bytes:
        asked = urlencode({name: value for name, value in (query or {}).items() if value is not None})
        request = Request(f"{self.address}{path}" + (f"?{asked}" if asked else ""), method=method, data=body or None)
        said = {**(headers or {}), "Authorization": f"Bearer {self.token}" if self.token else None, "Content-Type": media or None}
        for name, value in said.items():
            if value is not None:
                request.add_header(name, str(value))
        try:
            with urlopen(request, timeout=self.timeout_s) as answer:
                return bytes(answer.read())
        except HTTPError as error:
            raise _refusal(error) from None

    def read_accounts(self) -> AccountEntries:
        """Return who has an account, without names and addresses."""
        return cast(AccountEntries, self._json("GET", "/api/v1/admin/accounts"))

    def analyze(self, body: Order, *, idempotency_key: str | None = None) -> Ordered:
        """Have files analyzed; several of one night become one night."""
        return cast(Ordered, self._json("POST", "/api/v1/analyze", said=body, headers={"Idempotency-Key": idempotency_key}))

    def read_demo_analysis(self, *, demo: Literal["healthy", "apnea", "insomnia"] | None = None) -> NightDocument:
        """Return the last night of a demo, nobody's; without a token. Just after the first start it is not there yet: 404, `Retry-After`."""
        return cast(NightDocument, self._json("GET", "/api/v1/demo-analysis", query={"demo": demo}))

    def read_devices(self) -> DeviceEntries:
        """Return the caller's devices."""
        return cast(DeviceEntries, self._json("GET", "/api/v1/devices"))

    def enroll_device(self, body: Enrollment) -> Enrolled:
        """Take a device in by its one-time code; both sides then draw the same key, which never travels."""
        return cast(Enrolled, self._json("POST", "/api/v1/devices", said=body))

    def remove_device(self, device: str) -> None:
        """End a device: no packet of it is taken any more."""
        self._json("DELETE", f"/api/v1/devices/{_part(device)}")

    def read_disorders(self) -> Disorders:
        """Return the catalogue in the caller's language."""
        return cast(Disorders, self._json("GET", "/api/v1/disorders"))

    def read_grants(self, *, limit: int | None = None, after: str | None = None, subject: str | None = None) -> Grants:
        """Return who may look at a person's nights, and whose nights the caller may look at as a doctor."""
        return cast(Grants, self._json("GET", "/api/v1/grants", query={"limit": limit, "after": after, "subject": subject}))

    def add_grant(self, body: GrantBody, *, idempotency_key: str | None = None) -> Given:
        """Open nights to the doctor of an address, or to whoever brings the code of the answer."""
        return cast(Given, self._json("POST", "/api/v1/grants", said=body, headers={"Idempotency-Key": idempotency_key}))

    def remove_grant(self, grant_id: str) -> None:
        """End a grant: as its person, as a guardian, or as its doctor."""
        self._json("DELETE", f"/api/v1/grants/{_part(grant_id)}")

    def read_health(self) -> Health:
        """Say whether the server and its database answer."""
        return cast(Health, self._json("GET", "/api/v1/health"))

    def read_jobs(self, *, limit: int | None = None, after: str | None = None, subject: str | None = None) -> JobEntries:
        """Return the analyses of the last seven days: of the caller's files, or of those that they brought for somebody."""
        return cast(JobEntries, self._json("GET", "/api/v1/jobs", query={"limit": limit, "after": after, "subject": subject}))

    def cancel_job(self, job_id: str) -> None:
        """End an analysis that is under way."""
        self._json("DELETE", f"/api/v1/jobs/{_part(job_id)}")

    def read_job(self, job_id: str) -> JobEntry:
        """Return one analysis: how far it is, what it made, or why it failed."""
        return cast(JobEntry, self._json("GET", f"/api/v1/jobs/{_part(job_id)}"))

    def read_nights(self, *, limit: int | None = None, after: str | None = None) -> NightEntries:
        """Return the caller's own nights."""
        return cast(NightEntries, self._json("GET", "/api/v1/nights", query={"limit": limit, "after": after}))

    def read_night(self, night_id: str) -> NightDocument:
        """Return one night, the caller's own or one that is open to them: as JSON, or as `Accept` asks."""
        return cast(NightDocument, self._json("GET", f"/api/v1/nights/{_part(night_id)}"))

    def read_interpretations(self, night_id: str) -> AllSaid:
        """Return what doctors said of a night."""
        return cast(AllSaid, self._json("GET", f"/api/v1/nights/{_part(night_id)}/interpretations"))

    def add_interpretation(self, night_id: str, body: SayBody, *, idempotency_key: str | None = None) -> AllSaid:
        """Write, hand over or sign what is said of a patient's night."""
        return cast(
            AllSaid,
            self._json(
                "POST", f"/api/v1/nights/{_part(night_id)}/interpretations", said=body, headers={"Idempotency-Key": idempotency_key}
            ),
        )

    def remove_notes(self, night_id: str) -> None:
        """Delete what was noted of a night, tags too."""
        self._json("DELETE", f"/api/v1/nights/{_part(night_id)}/notes")

    def read_notes(self, night_id: str) -> RemarkBody:
        """Return what was noted of a night."""
        return cast(RemarkBody, self._json("GET", f"/api/v1/nights/{_part(night_id)}/notes"))

    def write_notes(self, night_id: str, body: RemarkBody) -> RemarkBody:
        """Replace what was noted of a night."""
        return cast(RemarkBody, self._json("PUT", f"/api/v1/nights/{_part(night_id)}/notes", said=body))

    def add_tag(self, night_id: str, body: TagBody) -> RemarkBody:
        """Put a tag on a night; one that is there already stays once."""
        return cast(RemarkBody, self._json("POST", f"/api/v1/nights/{_part(night_id)}/tags", said=body))

    def remove_tag(self, night_id: str, tag: str) -> None:
        """Take a tag off a night."""
        self._json("DELETE", f"/api/v1/nights/{_part(night_id)}/tags/{_part(tag)}")

    def bring_packet(self, body: bytes) -> Taken:
        """Take a sealed night."""
        return cast(Taken, self._json("POST", "/api/v1/packets", body=body, media="application/octet-stream"))

    def read_reports(self, user_id: str, *, limit: int | None = None, after: str | None = None) -> ReportEntries:
        """Return the reports of a person's nights: `me`, or the id of somebody who shares their nights with the caller."""
        return cast(ReportEntries, self._json("GET", f"/api/v1/reports/{_part(user_id)}", query={"limit": limit, "after": after}))

    def read_team(self) -> Team:
        """Return the project, its maintainers, and its models with the figures of their cards."""
        return cast(Team, self._json("GET", "/api/v1/team"))

    def read_trends(self, user_id: str, *, first: str | None = None, last: str | None = None) -> Trend:
        """Return the numbers of a person's nights: `me`, or the id of somebody who shares their nights with the caller."""
        return cast(Trend, self._json("GET", f"/api/v1/trends/{_part(user_id)}", query={"first": first, "last": last}))

    def upload(
        self,
        kind: Literal["audio", "video", "recording"],
        body: bytes = b"",
        *,
        name: str | None = None,
        subject: str | None = None,
        idempotency_key: str | None = None,
        upload_length: int | None = None,
        upload_checksum: str | None = None,
        repr_digest: str | None = None,
    ) -> UploadEntry:
        """Bring a file, whole or in pieces."""
        return cast(
            UploadEntry,
            self._json(
                "POST",
                f"/api/v1/upload/{_part(kind)}",
                body=body,
                media="application/octet-stream",
                query={"name": name, "subject": subject},
                headers={
                    "Idempotency-Key": idempotency_key,
                    "Upload-Length": upload_length,
                    "Upload-Checksum": upload_checksum,
                    "Repr-Digest": repr_digest,
                },
            ),
        )

    def read_uploads(self, *, limit: int | None = None, after: str | None = None, subject: str | None = None) -> UploadEntries:
        """Return the files that wait here: the caller's, or those that they brought for somebody."""
        return cast(UploadEntries, self._json("GET", "/api/v1/uploads", query={"limit": limit, "after": after, "subject": subject}))

    def remove_upload(self, upload_id: str) -> None:
        """Delete a file that no analysis needs."""
        self._json("DELETE", f"/api/v1/uploads/{_part(upload_id)}")

    def read_upload(self, upload_id: str) -> UploadEntry:
        """Return a file: how much has arrived, and what is known of it."""
        return cast(UploadEntry, self._json("GET", f"/api/v1/uploads/{_part(upload_id)}"))

    def continue_upload(
        self, upload_id: str, body: bytes, *, upload_offset: int, upload_checksum: str | None = None, repr_digest: str | None = None
    ) -> None:
        """Bring the next bytes of a file."""
        self._json(
            "PATCH",
            f"/api/v1/uploads/{_part(upload_id)}",
            body=body,
            media="application/offset+octet-stream",
            headers={"Upload-Offset": upload_offset, "Upload-Checksum": upload_checksum, "Repr-Digest": repr_digest},
        )

    def erase_user(self, body: Proof) -> None:
        """Erase the caller and everything of theirs, for good."""
        self._json("DELETE", "/api/v1/user", said=body)

    def read_export(self) -> bytes:
        """Send everything that is kept of the caller as one zip."""
        return self._bytes("GET", "/api/v1/user/export")

    def read_profile(self) -> ProfileBody:
        """Return the profile."""
        return cast(ProfileBody, self._json("GET", "/api/v1/user/profile"))

    def write_profile(self, body: ProfileBody) -> ProfileBody:
        """Replace the profile."""
        return cast(ProfileBody, self._json("PUT", "/api/v1/user/profile", said=body))

    def read_programs(self) -> ProgramEntries:
        """Return which programs act for the caller."""
        return cast(ProgramEntries, self._json("GET", "/api/v1/user/programs"))

    def remove_program(self, program_id: str) -> None:
        """End what one program may; its tokens die at once."""
        self._json("DELETE", f"/api/v1/user/programs/{_part(program_id)}")

    def read_settings(self) -> SettingsBody:
        """Return the settings."""
        return cast(SettingsBody, self._json("GET", "/api/v1/user/settings"))

    def write_settings(self, body: SettingsBody) -> SettingsBody:
        """Replace the settings."""
        return cast(SettingsBody, self._json("PUT", "/api/v1/user/settings", said=body))

    def read_webhooks(self) -> HookEntries:
        """Return the caller's webhooks."""
        return cast(HookEntries, self._json("GET", "/api/v1/webhooks"))

    def add_webhook(self, body: HookBody, *, idempotency_key: str | None = None) -> Made:
        """Have an address told of what happens to the nights that the caller may read, and to their sharing."""
        return cast(Made, self._json("POST", "/api/v1/webhooks", said=body, headers={"Idempotency-Key": idempotency_key}))

    def remove_webhook(self, webhook_id: str) -> None:
        """Delete a webhook and what waits for it."""
        self._json("DELETE", f"/api/v1/webhooks/{_part(webhook_id)}")

    def read_webhook(self, webhook_id: str) -> HookEntry:
        """Return one webhook."""
        return cast(HookEntry, self._json("GET", f"/api/v1/webhooks/{_part(webhook_id)}"))

    def ping_webhook(self, webhook_id: str) -> None:
        """Tell a webhook something of no matter, soon; one that was switched off is on again."""
        self._json("POST", f"/api/v1/webhooks/{_part(webhook_id)}/ping")

    def read_worklist(self, *, limit: int | None = None, after: str | None = None) -> Worklist:
        """Return the patients who share with the caller now, and what waits."""
        return cast(Worklist, self._json("GET", "/api/v1/worklist", query={"limit": limit, "after": after}))

    def login(self, body: Credentials) -> Tokens:
        """Log in with address and password, and a code where the account asks for one."""
        return cast(Tokens, self._json("POST", "/auth/login", said=body))

    def logout(self, body: RefreshBody) -> None:
        """End a family of tokens, access tokens included."""
        self._json("POST", "/auth/logout", said=body)

    def refresh(self, body: RefreshBody) -> Tokens:
        """Turn a refresh token into the next tokens; one that comes a second time ends its whole family."""
        return cast(Tokens, self._json("POST", "/auth/refresh", said=body))
