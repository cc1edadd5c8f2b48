"""Post the alerts of the published marts to a chat webhook, each once.

The message is `{"text": …}`, which the incoming webhooks of Slack, Mattermost, Rocket.Chat and Teams take. What was
sent stands in `alerts_sent.jsonl` in the data home; an alert whose sending is in doubt (a time-out) is sent again.
"""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.message import Message
from typing import IO, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from leadmill.errors import InputError, LeadmillError
from leadmill.settings import ALERT_WEBHOOK, Home
from serving.tables import open_marts
from serving.versions import current

Language = Literal["en", "ja"]

LEDGER = "alerts_sent.jsonl"
OLDEST_TOLD = timedelta(days=2)  # a backfill of a past date, or a version rolled back to, tells nobody
TIMEOUT_SECONDS = 10.0
TRIES = 3
LONGEST_WAIT_SECONDS = 30.0  # whatever Retry-After asks for: the night must end
ALERTS_A_MESSAGE = 20  # Slack cuts a message of more than 40,000 characters
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
MARKS = {"critical": "\N{LARGE RED CIRCLE}", "warning": "\N{LARGE YELLOW CIRCLE}"}
TITLES: dict[Language, str] = {"en": "Leadmill: targets at risk", "ja": "Leadmill：未達の見込み"}


class Alert(BaseModel):
    """One row of `mart_alerts` as people are told it."""

    model_config = ConfigDict(frozen=True)

    alert_id: str
    severity: str
    owner: str | None
    message_en: str
    message_ja: str
    is_sent: bool

    def line(self, language: Language) -> str:
        """Return the alert as one line of a chat message."""
        message = self.message_ja if language == "ja" else self.message_en
        owner = f" [{self.owner}]" if self.owner else ""
        return f"{MARKS.get(self.severity, '')} {message}{owner}".strip()


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A webhook that moved is told as an error: its secret must not follow to another host."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """Follow no redirect."""


def alerts(home: Home) -> list[Alert]:
    """Return the alerts of the published marts, critical ones first.

    Raises:
        InputError: nothing is published yet.
    """
    with open_marts(home) as connection:
        rows = (
            connection.sql(
                """
                select alert_id, severity, owner, message_en, message_ja
                from marts.mart_alerts
                order by severity, miss_probability desc nulls last, alert_id
                """
            )
            .to_arrow_table()
            .to_pylist()
        )
    sent = _sent(home)
    return [Alert(**row, is_sent=row["alert_id"] in sent) for row in rows]


def are_past(home: Home, now: datetime) -> bool:
    """Return whether the published marts speak of so old a date that nobody is told; now is aware."""
    published = current(home)
    return published is not None and now - published.as_of > OLDEST_TOLD


def webhook() -> str:
    """Return the webhook's address from the environment.

    Raises:
        InputError: none is set, it is neither https nor on this machine, or it is one that can't be posted to (a name
            or password before the host, spaces, signs other than ASCII, no port number). The message never holds the
            address: who knows it can post.
    """
    url = os.environ.get(ALERT_WEBHOOK, "")
    if not url:
        raise InputError(f"no webhook is set: put the chat's incoming-webhook address into {ALERT_WEBHOOK}")
    try:
        parts = urlsplit(url)
        is_allowed = (
            bool(parts.hostname)
            and parts.port != 0  # a port that is no number up to 65535 is a ValueError
            and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))
            and "@" not in parts.netloc
            and all("!" <= sign <= "~" for sign in url)
        )
    except ValueError:
        is_allowed = False
    if not is_allowed:
        raise InputError(
            f"{ALERT_WEBHOOK} must be an https address (http only on this machine), in plain ASCII without spaces and "
            "without a name or password before the host"
        )
    return url


def send(home: Home, url: str, language: Language, pause: Callable[[float], None] = time.sleep) -> int:
    """Post the alerts that were not sent yet; return how many.

    Args:
        home: The data home.
        url: A checked address (see `webhook`).
        language: Language of the messages.
        pause: Waits so many seconds between tries.

    Raises:
        InputError: nothing is published yet.
        LeadmillError: the webhook did not take a message; the alerts in it are tried again the next time.
    """
    pending = [alert for alert in alerts(home) if not alert.is_sent]
    for first in range(0, len(pending), ALERTS_A_MESSAGE):
        part = pending[first : first + ALERTS_A_MESSAGE]
        text = "\n".join([TITLES[language], *(alert.line(language) for alert in part)])
        _post(url, {"text": _escaped(text)}, pause)
        _remember(home, part)
    return len(pending)


def _post(url: str, content: dict[str, str], pause: Callable[[float], None]) -> None:
    """Post JSON; try again where the webhook is busy, broken or silent."""
    handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
    if urlsplit(url).hostname in LOOPBACK:
        handlers.append(urllib.request.ProxyHandler({}))
    opener = urllib.request.build_opener(*handlers)
    request = urllib.request.Request(  # noqa: S310 the scheme is checked by `webhook`
        url, json.dumps(content, ensure_ascii=False).encode(), {"Content-Type": "application/json; charset=utf-8"}
    )
    problem = ""
    for attempt in range(TRIES):
        wait = float(2**attempt)
        try:
            with opener.open(request, timeout=TIMEOUT_SECONDS):
                return
        except urllib.error.HTTPError as error:
            error.close()
            problem = f"it answered {error.code}"
            if error.code == 429:  # noqa: PLR2004 too many requests
                wait = _retry_after(error.headers, wait)
            elif error.code < 500:  # noqa: PLR2004 the request is refused, and would be again
                break
        # Only the kind is told: the text of an error may hold the address or what a stranger answered.
        except OSError as error:  # time-out, refused connection, unknown host, bad certificate
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            problem = f"it could not be reached ({type(reason).__name__})"
        except (
            http.client.HTTPException,
            ValueError,
        ) as error:  # no HTTP, or an address that can't be sent
            problem = f"it can't be talked to ({type(error).__name__})"
        if attempt < TRIES - 1:
            pause(wait)
    raise LeadmillError(f"the alert webhook did not take the message: {problem}; it is tried again the next time")


def _retry_after(headers: Message, otherwise: float) -> float:
    """Return the seconds that Retry-After asks for, within bounds; a date in it is not read."""
    try:
        return min(LONGEST_WAIT_SECONDS, max(0.0, float(headers.get("Retry-After", otherwise))))
    except ValueError:
        return otherwise


def _escaped(text: str) -> str:
    """Return text in which a campaign's name can't mention a whole channel or make a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _sent(home: Home) -> set[str]:
    """Return the ids of the alerts that were sent; a line that a crash cut off is none."""
    ledger = home.path / LEDGER
    if not ledger.exists():
        return set()
    found = set()
    for line in ledger.read_text("utf-8").splitlines():
        try:
            entry: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        found.add(str(entry["alert_id"]))
    return found


def _remember(home: Home, sent: Iterable[Alert]) -> None:
    """Write down what was sent, durably, before the next message goes out."""
    sent_at = datetime.now(UTC).isoformat()
    lines = (json.dumps({"alert_id": alert.alert_id, "sent_at": sent_at}) for alert in sent)
    with (home.path / LEDGER).open("a", encoding="utf-8") as ledger:
        ledger.write("\n" + "\n".join(lines) + "\n")  # the first line break ends a line that a crash cut off
        ledger.flush()
        os.fsync(ledger.fileno())
