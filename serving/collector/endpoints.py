"""What the collector does with a request."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import sqlite3
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any
from weakref import WeakValueDictionary

from fastapi import HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic_core import to_json
from starlette.requests import ClientDisconnect

from ingestion.collector_settings import CollectorSettings
from serving.collector import events
from serving.collector.forwarding import Forwarder
from serving.collector.limits import MOST_BODY_BYTES, RateLimit, body_of, is_bot
from serving.collector.outbox import Outbox, Remembered
from serving.collector.segment_writer import SegmentWriter, StorageUnavailable
from serving.collector.signatures import is_signed

_STORAGE_WAIT_SECONDS = 30
_CONTENT_TYPES = {"application/json", "text/plain"}  # browsers send text/plain without asking before
_LONGEST_KEY = 200


class Collector:
    """The endpoints of one source."""

    def __init__(
        self,
        source: str,
        settings: CollectorSettings,
        *,
        person_key: str,
        writer: SegmentWriter,
        outbox: Outbox,
        forwarder: Forwarder,
        clock: Callable[[], datetime],
    ) -> None:
        """Put a collector together.

        Args:
            source: the source's name.
            settings: of the source.
            person_key: secret that keys the hashes of addresses.
            writer: of the source's segments.
            outbox: of the data home.
            forwarder: is woken when something was put into the outbox.
            clock: the server's, aware.
        """
        self.settings = settings
        self.writer = writer
        self.forwarder = forwarder
        self._source = source
        self._person_key = person_key.encode()
        self._outbox = outbox
        self._clock = clock
        self._counts: Counter[str] = Counter()
        self._collects = RateLimit(settings.requests_per_minute, clock)
        self._webhooks = RateLimit(settings.webhooks_per_minute, clock)
        self._keys_in_work: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def collect(self, request: Request) -> Response:
        """Keep the events of one page."""
        origin = request.headers.get("origin")
        if origin is not None and origin not in self.settings.allowed_origins:
            raise HTTPException(403, "this origin is not allowed")
        self._throttle(self._collects, request)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _CONTENT_TYPES:
            raise HTTPException(415, "send application/json or text/plain")
        content = _parsed(await _body(request))
        found = content.get("events")
        if not isinstance(found, list) or len(found) > events.MOST_EVENTS:
            raise HTTPException(422, f"events: must be a list of at most {events.MOST_EVENTS}")
        if is_bot(request.headers.get("user-agent", "")):
            self._counts["bot_events"] += len(found)
            return JSONResponse({"accepted": 0, "refused": 0}, 202)
        sent_at, site = events.sent_at_of(content), events.host_of(origin or "")
        lines, refusals = events.event_lines(found, sent_at, site, self._clock())
        if lines:
            await self._keep("events", b"".join(lines))
        self._counts["accepted"] += len(lines)
        self._counts["refused"] += len(refusals)
        told: dict[str, Any] = {"accepted": len(lines), "refused": len(refusals)}
        if refusals:
            told["errors"] = [refusal.model_dump() for refusal in refusals]
        return JSONResponse(told, 202 if lines or not refusals else 422)

    async def webhook(self, request: Request) -> Response:
        """Keep a signed form submission, and hand it on."""
        self._throttle(self._webhooks, request)
        body = await _body(request)
        signature = request.headers.get("x-leadmill-signature", "")
        timestamp = request.headers.get("x-leadmill-timestamp", "")
        secrets = [secret.get_secret_value() for secret in self.settings.webhook_secrets]
        if not is_signed(secrets, timestamp, signature, body, self._clock().timestamp()):
            raise self._unsigned()
        key = request.headers.get("idempotency-key", "")
        if not 0 < len(key) <= _LONGEST_KEY:
            raise HTTPException(422, f"Idempotency-Key: must be set, {_LONGEST_KEY} characters at most")
        async with self._keys_in_work.setdefault(key, asyncio.Lock()):
            try:
                submission_id = await self._submitted(key, signature, body)
            except sqlite3.Error:
                raise self._not_kept() from None
        return JSONResponse({"submission_id": submission_id}, 202)

    async def health(self, _: Request) -> Response:
        """Tell how it goes, for the operator's monitor."""
        is_working = self.writer.is_working
        try:
            outbox = await asyncio.to_thread(self._outbox.counts)
        except sqlite3.Error:
            is_working, outbox = False, {}
        told: dict[str, Any] = {
            "status": "ok" if is_working else "what comes can't be written to the disk",
            **self._counts,
            **{f"outbox_{state}": count for state, count in outbox.items()},
        }
        return JSONResponse(told, 200 if is_working else 503)

    async def _submitted(self, key: str, signature: str, body: bytes) -> str:
        """Keep a submission once, whatever happens in between, and return its id.

        The line is on the disk before the outbox knows the key, and the outbox before the sender gets an answer.
        Whoever gets none sends again: a line that comes twice has the same submission_id, and the models keep one.
        """
        body_hash = hashlib.sha256(body).hexdigest()
        if await asyncio.to_thread(self._outbox.is_replayed, signature, key):
            raise self._unsigned()
        known = await asyncio.to_thread(self._outbox.remembered, key)
        if known is not None:
            if known.body_hash != body_hash:
                raise HTTPException(409, "Idempotency-Key: was used for another body")
            return known.submission_id
        try:
            submission = events.submission_of(_parsed(body))
        except ValueError as error:
            raise HTTPException(422, str(error)) from None
        submission_id = submission.submission_id or str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._source}/{key}"))
        submission = submission.model_copy(update={"submission_id": submission_id})
        await self._keep("form_submissions", events.submission_line(submission, self._clock()))
        await asyncio.to_thread(
            self._outbox.accept,
            idempotency_key=key,
            remembered=Remembered(body_hash, submission_id),
            person=hmac.digest(self._person_key, submission.email.strip().lower().encode(), "sha256").hex(),
            payload=to_json(submission).decode(),
            receivers=[receiver.name for receiver in self.settings.forward],
        )
        self._counts["submissions"] += 1
        self.forwarder.wake()
        return submission_id

    def _throttle(self, limit: RateLimit, request: Request) -> None:
        seconds = limit.seconds_to_wait(request.client.host if request.client else "")
        if seconds:
            self._counts["throttled"] += 1
            raise HTTPException(429, "too many requests", {"Retry-After": str(seconds)})

    def _unsigned(self) -> HTTPException:
        """Return the one answer to all that is not signed as it should be: it does not tell in what way."""
        self._counts["unsigned"] += 1
        return HTTPException(401, "not signed")

    async def _keep(self, stream: str, lines: bytes) -> None:
        try:
            await self.writer.append(stream, lines)
        except StorageUnavailable:
            raise self._not_kept() from None

    def _not_kept(self) -> HTTPException:
        self._counts["not_kept"] += 1
        return HTTPException(503, "try again later", {"Retry-After": str(_STORAGE_WAIT_SECONDS)})


async def _body(request: Request) -> bytes:
    try:
        body = await body_of(request)
    except ClientDisconnect:
        raise HTTPException(400, "the body did not come to its end") from None
    if body is None:
        raise HTTPException(413, f"the body may have {MOST_BODY_BYTES} bytes")
    return body


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        return events.parsed(body)
    except ValueError:
        raise HTTPException(422, "the body must be a JSON object") from None
