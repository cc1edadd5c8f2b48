"""What browsers and forms may send, and the lines that are kept of it.

A line holds the sender's own fields, those we do not know included, with `received_at` and `site`. The browser's clock
is not corrected here: `sent_at` and `received_at` stand beside `occurred_at`, and the models correct by them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from ingestion.text import MARK

MOST_EVENTS = 50
# With this noncharacter the loader marks bytes that are not text: nobody may have a row set aside by sending it.
_MARK, _REPLACEMENT = MARK.encode(), "\N{REPLACEMENT CHARACTER}".encode()
_EMAIL_EVENTS = {"identify", "form_submission"}
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_ENVELOPE = {"sent_at", "received_at", "site"}


def _moment(value: object) -> str:
    """Return a time as all are written in lines. A number is none: seconds and milliseconds look alike."""
    try:
        moment = datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError("must be ISO 8601 text") from None
    if moment.tzinfo is None:
        raise ValueError("must have an offset from UTC")
    if not _EARLIEST <= moment < _LATEST:
        raise ValueError("is no time of our days")
    return _iso(moment)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


Moment = Annotated[str, BeforeValidator(_moment)]
Id = Annotated[str, Field(min_length=1, max_length=200)]
Address = Annotated[str, Field(max_length=320, pattern="@")]
Url = Annotated[str, Field(max_length=2048)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Consent = Literal["granted", "denied"]
# A form sends an empty text for a hidden field or a cookie that there is not: no reason to lose the submission.
_BlankIsNone = BeforeValidator(lambda value: None if value == "" else value)


class _Sent(BaseModel):
    """A record as it was sent; fields that we do not know are kept."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)


class Event(_Sent):
    """One thing that a visitor did."""

    event_id: UUID
    event_name: Annotated[str, Field(min_length=1, max_length=100)]
    occurred_at: Moment
    anonymous_id: Id | None = None
    user_id: Id | None = None
    email: Address | None = None
    url: Url | None = None
    referrer: Url | None = None
    title: Annotated[str, Field(max_length=500)] | None = None
    content_id: Id | None = None
    dwell_seconds: Annotated[Number, Field(ge=0)] | None = None
    scroll_percent: Annotated[Number, Field(ge=0, le=100)] | None = None
    value: Number | None = None
    consent: Consent | None = None
    properties: dict[str, Any] | None = None


_EVENT = TypeAdapter(Event)
# Where consent was denied nothing stays that could tell who it was: no identifier, and no field whose meaning only the
# site knows.
_WITHOUT_CONSENT = Event.model_fields.keys() - {"anonymous_id", "user_id", "email", "properties"}


class FormSubmission(_Sent):
    """One form that was sent in, told by the server that received it."""

    submission_id: Annotated[Id | None, _BlankIsNone] = None
    form_id: Id
    submitted_at: Moment
    email: Address
    fields: dict[str, Any] = Field(default_factory=dict)
    anonymous_id: Annotated[Id | None, _BlankIsNone] = None
    page_url: Url | None = None
    consent: Annotated[Consent | None, _BlankIsNone] = None


class Refusal(BaseModel):
    """Why a record was refused; the value itself is not told, it may be personal."""

    event: int
    field: str
    problem: str


def parsed(body: bytes) -> dict[str, Any]:
    """Return a body that must be a JSON object.

    Raises:
        ValueError: it is none.
    """
    content = from_json(body, allow_inf_nan=False)
    if not isinstance(content, dict):
        raise ValueError("the body must be a JSON object")
    return content


def event_lines(
    events: list[Any], sent_at: str | None, site: str | None, received_at: datetime
) -> tuple[list[bytes], list[Refusal]]:
    """Return the lines of the events that are as they should be, and why the others are not.

    Args:
        events: as they were sent.
        sent_at: when the browser sent them, by its own clock.
        site: host of the page's origin.
        received_at: by the server's clock.
    """
    envelope = to_json({"sent_at": sent_at, "received_at": _iso(received_at), "site": site})
    lines, refusals = [], []
    for number, content in enumerate(events):
        try:
            event = Event.model_validate(content)
        except ValidationError as error:
            refusals.append(_refusal(number, error))
        else:
            lines.append(_line(_kept(event)[:-1] + b"," + envelope[1:]))
    return lines, refusals


def sent_at_of(content: dict[str, Any]) -> str | None:
    """Return an envelope's `sent_at`, None where it is absent or no time: the events are worth keeping without it."""
    try:
        return _Envelope.model_validate(content).sent_at
    except ValidationError:
        return None


class _Envelope(BaseModel):
    sent_at: Moment | None = None


def submission_of(content: dict[str, Any]) -> FormSubmission:
    """Return a form submission; without consent to be followed it is not tied to a browser.

    Raises:
        ValueError: a field is not as it should be; the message holds no value.
    """
    try:
        submission = FormSubmission.model_validate(content)
    except ValidationError as error:
        refusal = _refusal(0, error)
        raise ValueError(f"{refusal.field}: {refusal.problem}") from None
    return submission.model_copy(update={"anonymous_id": None}) if submission.consent == "denied" else submission


def submission_line(submission: FormSubmission, received_at: datetime) -> bytes:
    """Return the line that is kept of a form submission."""
    received = {"received_at": _iso(received_at), "site": host_of(submission.page_url or "")}
    return _line(to_json(submission.model_dump() | received))


def host_of(address: str) -> str | None:
    """Return the host of an origin or URL, with its port where it names one; None where there is none."""
    try:
        return urlsplit(address).netloc.rpartition("@")[2].lower() or None
    except ValueError:
        return None


def _kept(event: Event) -> bytes:
    """Return the fields of an event that may be kept; an address only of an event about who somebody is."""
    if event.consent == "denied":
        return _EVENT.dump_json(event, exclude_none=True, include=_WITHOUT_CONSENT)
    unwanted = _ENVELOPE if event.event_name in _EMAIL_EVENTS else {*_ENVELOPE, "email"}
    return _EVENT.dump_json(event, exclude_none=True, exclude=unwanted)


def _refusal(number: int, error: ValidationError) -> Refusal:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "event"
    return Refusal(event=number, field=field, problem=first["msg"].removeprefix("Value error, "))


def _line(content: bytes) -> bytes:
    return content.replace(_MARK, _REPLACEMENT) + b"\n"
