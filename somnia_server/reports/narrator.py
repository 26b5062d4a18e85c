"""Lets a language model word a night's numbers, where the server has one and the person agreed; what fails a check is not said.

Only the numbers of `SENT` leave, under the names that stand there: no finding, name, date, id, note or file name.
"""

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from somnia_engine.report import HEART, OTHER, OXYGEN, SLEEP, STAGES, Row, report_night
from somnia_engine.types.night import NightAnalysis, Worded
from somnia_engine.wording import faults, languages
from somnia_server import egress
from somnia_server.i18n import ENGLISH, language_now
from somnia_server.store import consents, nightcodec, persons
from somnia_server.store.actors import Actor
from somnia_server.store.house import house
from somnia_server.store.nights import StoredNight
from somnia_server.store.processing import processing_refusal

if TYPE_CHECKING:
    import httpx2

log = logging.getLogger(__name__)

DEADLINE_S = 4.0
"""How long a report waits for its words, tries included [s]."""
TRIES = 2
MOST_BYTES = 64 * 1024
MOST_SENTENCES, MOST_CHARS = 6, 240
LEAST_LEFT_S = 0.2
PASSING = frozenset({408, 409, 429, 500, 502, 503, 504})
SENT = frozenset(row.key for row in (*SLEEP, *OXYGEN, *HEART, *OTHER)) | {
    f"{key}_{unit}" for key, _, _ in STAGES for unit in ("min", "pct")
}
"""The keys of the numbers that may leave; nothing else does."""
SPOKEN = {"en": "English", "de": "German"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"sentences": {"type": "array", "items": {"type": "string"}}},
    "required": ["sentences"],
    "additionalProperties": False,
}
TASK = (
    "Word the numbers of one night of sleep for the person who slept, in {language}, in 2 to 6 plain sentences. Use only these numbers and "
    "write each exactly as it is given, with its unit. Use no other digit and no number in words. Name no illness and no therapy, "
    "judge nothing, predict nothing, reassure nobody, give no advice. No markup, no links. Answer as JSON: a list of sentences."
)
_WORD_NUMBERS = (
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|"
    r"thousand|half|third|quarter|twice|double|dozen|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|\w+zehn|\w+zig|hundert|"
    r"tausend|hälfte|drittel|viertel|doppelt|dutzend)\b"
)
_JUDGES = (
    r"\b(?:high|moderate|low|good|bad|poor|excellent|hoch|mäßig|gering|niedrig|gut|schlecht|should|must|sollten|müssen)\b"
    r"|apn[eo]|insomn|fibrill|flimmern|brux|disorder|störung|parkinson|narcolep|narkolep"
)
_MARKUP = r"[<>\[\]{}@`*_#\\|\n\r\t]|://|www\.|\b\w+\.(?:com|org|net|io|de|in)\b"
_REFUSED = {"a number in words": _WORD_NUMBERS, "a judgment or the name of an illness": _JUDGES, "markup or a link": _MARKUP}
_LETTERS = re.compile(r"[^\W\d_]")
_TELLING = {
    "en": frozenset("the you your was were and of for in it with to asleep slept".split()),
    "de": frozenset("der die das sie ihr ihre war waren und von im es mit bis wurde haben geschlafen".split()),
}
"""Words by which one tells in which of our languages a text is."""


class UnusableError(Exception):
    """The model gave no words that may be said; the message says why, without the words."""


def may_word(owner: str) -> bool:
    """Return whether a person's nights may be worded outside: the server has a model, they agreed to the text and switched it on."""
    if not house().settings.egress.ai_url or processing_refusal(owner) is not None:
        return False
    current = consents.text_of(consents.AI_TEXT).version
    agreed = any(past.version == current for past in consents.counting(owner, consents.AI_TEXT))
    return agreed and persons.load_settings(Actor.owner(owner)).ai_text


def with_words(owner: str, blobs: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Return a night's blobs with the words of a model in the first, or as they are where there are none to be had."""
    if not may_word(owner):
        return blobs
    language = persons.load_profile(Actor.owner(owner)).language or ENGLISH
    try:
        worded = narrate(nightcodec.unpack_night(*blobs), language=language)
    except (UnusableError, egress.EgressRefusedError) as error:
        log.warning("a report keeps its own words: %s", error)
        return blobs
    return nightcodec.with_words(blobs[0], worded), blobs[1]


def words_of(stored: StoredNight) -> Worded | None:
    """Return a model's words for a night in the language of the request; none once the person no longer wants them."""
    worded = stored.analysis.worded
    return worded if worded is not None and worded.language == language_now() and may_word(stored.owner) else None


def numbers_of(analysis: NightAnalysis) -> dict[str, tuple[str, str]]:
    """Return what leaves: by key the number's English name, and the number as the report writes it."""
    rows: list[Row] = [row for table in report_night(analysis).tables for row in table.rows]
    return {row.key: (f"{row.label.msgid} ({row.term})", _plain(row)) for row in rows if row.key in SENT and row.said()}


def narrate(analysis: NightAnalysis, *, language: str) -> Worded:
    """Return a model's words for a night, each sentence checked.

    Raises
    ------
    UnusableError
        No answer in time, or one that may not be said.
    EgressRefusedError
        The connection is off or may not lead there.
    """
    numbers = numbers_of(analysis)
    if language not in languages() or not numbers:
        raise UnusableError(f"there is nothing to word, or no vocabulary for {language!r}")
    sentences = _sentences(_asked(numbers, language=language))
    check(sentences, numbers=[said for _, said in numbers.values()], language=language)
    return Worded(language, tuple(sentences), house().settings.egress.ai_model)


def check(sentences: Sequence[str], *, numbers: Sequence[str], language: str) -> None:
    """Refuse sentences of which one may not be said; UnusableError names the rule, never the words."""
    words = [word for sentence in sentences for word in re.findall(r"\w+", sentence.lower())]
    hits = {code: sum(word in telling for word in words) for code, telling in _TELLING.items()}
    if hits[language] < 2 or any(hits[language] <= n for code, n in hits.items() if code != language):
        raise UnusableError("it is not in the language that was asked for")
    for sentence in sentences:
        why = next(_faults(sentence, numbers), None)
        if why is not None:
            raise UnusableError(f"a sentence {why}")


def _faults(sentence: str, numbers: Sequence[str]) -> Iterator[str]:
    if len(sentence) > MOST_CHARS or not all(ord(letter) < 0x250 for letter in _LETTERS.findall(sentence)):
        yield "is too long or in other letters"
    yield from (f"has {what}" for what, pattern in _REFUSED.items() if re.search(pattern, sentence, re.I))
    yield from (fault.why for code in languages() for fault in faults(sentence, language=code))
    rest = re.sub(r"\b(?:ODI[34]|T90|T88|N[123]|SpO2|SpO₂)\b", " ", sentence)
    for said in sorted(set(numbers), key=len, reverse=True):
        rest = re.sub(rf"(?<![\w.,−-]){re.escape(said)}(?![\w%/]|[.,]\d)", " ", rest)
    if any(sign.isnumeric() for sign in rest):
        yield "has a number that the report does not have, or another unit"


def _plain(row: Row) -> str:
    """Return a number with its unit, without its interval."""
    unit = row.unit if row.unit.startswith("/") else f" {row.unit}".rstrip()
    return f"{row.value:.{row.places}f}{unit}"


def _sentences(answer: bytes) -> list[str]:
    try:
        content = json.loads(answer)["choices"][0]["message"]["content"]
        found = json.loads(content)["sentences"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise UnusableError("the answer has not the form that was asked for") from None
    if (
        not isinstance(found, list)
        or not 1 <= len(found) <= MOST_SENTENCES
        or not all(isinstance(one, str) and one.strip() for one in found)
    ):
        raise UnusableError(f"the answer is not 1 to {MOST_SENTENCES} sentences")
    return [one.strip() for one in found]


def _asked(numbers: Mapping[str, tuple[str, str]], *, language: str) -> bytes:
    """Ask the model and return the body of its answer, within the deadline and the size that is read."""
    import httpx2
    import openai

    egress.check("ai_text")
    said = house().settings.egress
    until = time.monotonic() + DEADLINE_S
    messages = [
        {"role": "system", "content": TASK.format(language=SPOKEN[language])},
        {"role": "user", "content": json.dumps([{"name": name, "value": value} for name, value in numbers.values()], ensure_ascii=False)},
    ]
    form = {"type": "json_schema", "json_schema": {"name": "night", "strict": True, "schema": SCHEMA}}
    asked: dict[str, Any] = {"model": said.ai_model, "messages": messages, "response_format": form}
    with openai.DefaultHttpxClient(follow_redirects=False, trust_env=False) as line, _ended(line.close):
        client = openai.OpenAI(api_key=said.ai_key or "none", base_url=said.ai_url, http_client=line, max_retries=0)
        for left in range(TRIES - 1, -1, -1):
            try:
                return _answer(client, asked, until=until)
            except openai.APIStatusError as error:
                _wait(error.status_code, error.response, until=until if left else 0.0)
            except (openai.APIError, httpx2.HTTPError, httpx2.StreamError, OSError) as error:
                raise UnusableError(f"the model was not reached: {type(error).__name__}") from None
    raise UnusableError("no try was left")


@contextmanager
def _ended(close: Callable[[], None]) -> Iterator[None]:
    """Close a line at the deadline, whatever comes on it: a server that sends a letter a second never lets a read time out."""
    end = threading.Timer(DEADLINE_S, close)
    end.start()
    try:
        yield
    finally:
        end.cancel()


def _answer(client: Any, asked: dict[str, Any], *, until: float) -> bytes:
    body = b""
    left = max(until - time.monotonic(), LEAST_LEFT_S)
    plain = {"Accept-Encoding": "identity"}
    with client.chat.completions.with_streaming_response.create(**asked, timeout=left, extra_headers=plain) as response:
        for piece in response.iter_bytes():
            body += piece
            if len(body) > MOST_BYTES or time.monotonic() > until:
                raise UnusableError("the answer is too long or too slow")
    return body


def _wait(status: int, response: "httpx2.Response", *, until: float) -> None:
    """Wait as long as the server asks, where a second try makes sense and there is time for it."""
    asked = response.headers.get("retry-after", "")
    pause = float(asked) if re.fullmatch(r"\d{1,6}", asked) else LEAST_LEFT_S
    if status not in PASSING or time.monotonic() + pause + LEAST_LEFT_S > until:
        raise UnusableError(f"the model answered with {status}")
    time.sleep(pause)
