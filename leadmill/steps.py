"""The nightly load as one list of steps, run by the DAG and by `leadmill nightly` alike.

Every step can be run again: what has landed is not landed twice, what is loaded is not loaded twice, models are
rebuilt from raw, and a version is published only when it is whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

from leadmill.errors import InputError, LeadmillError
from leadmill.settings import ALERT_WEBHOOK, Home

if TYPE_CHECKING:
    from expectations import Gate
    from ingestion import Sources
    from leadmill.transformation import Part

# Rooms are imported by the steps that use them: Airflow reads this list often; dbt and Great Expectations are heavy.

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Night:
    """One run: where its data is, what it reads, and the moment it speaks of."""

    home: Home
    sources: Sources
    as_of: datetime  # aware
    started_at: datetime  # aware; the clock stands only here, never in a model
    full_refresh: bool = False


class Step(NamedTuple):
    """One step after the sources are extracted; `act` returns what it did in one line."""

    title: str
    act: Callable[[Night, Progress], str]
    needs: Part | None = None  # what must have been built for this night's as_of


def extract(night: Night, source: str, progress: Progress) -> str:
    """Land what one source has delivered by the night's as_of. Sources may be extracted in parallel.

    Raises:
        InputError: an API is asked for an as_of to come.
        LeadmillError: as `ingestion.extract` says.
    """
    import ingestion

    if night.as_of > night.started_at and any(known.api for known in night.sources.sources if known.name == source):
        raise InputError(
            f"source {source}: as_of {night.as_of.isoformat()} lies ahead. Its API can't tell yet what will have"
            " happened by then, and would not be asked for it again"
        )
    return str(ingestion.extract(night.sources, source, night.home, night.as_of, progress))


def _load_raw(night: Night, progress: Progress) -> str:
    import ingestion

    loaded = ingestion.load(night.home, night.as_of, progress)
    late = ingestion.note_freshness(night.home, night.sources, night.as_of)
    return f"{loaded}; late: {', '.join(late)}" if late else str(loaded)


def _publish(night: Night, progress: Progress) -> str:
    import serving
    from leadmill import transformation

    published = serving.publish(
        night.home,
        night.as_of,
        night.started_at,
        serving.Code(version("leadmill"), transformation.definitions_hash()),
        night.sources.zone,
        progress,
    )
    return f"version {published.version}"


def _send_alerts(night: Night, progress: Progress) -> str:
    """Tell the chat what will be missed. The marts are published: a silent chat is no fault of the night."""
    from serving import alerts

    if alerts.are_past(night.home, night.started_at):
        return "a past date: nobody is told"
    language: alerts.Language = "ja" if os.environ.get("LEADMILL_ALERT_LANGUAGE") == "ja" else "en"
    try:
        return f"{alerts.send(night.home, alerts.webhook(), language)} new alerts sent"
    except LeadmillError as error:
        progress(str(error))
        return f"not sent: {error}"


def _check(gate: Gate) -> Callable[[Night, Progress], str]:
    def run(night: Night, progress: Progress) -> str:
        import expectations

        return str(
            expectations.check(
                gate,
                night.home,
                night.as_of,
                business_timezone=night.sources.business_timezone,
                reporting_currency=night.sources.reporting_currency,
                progress=progress,
            )
        )

    return run


def _check_marts(night: Night, progress: Progress) -> str:
    from leadmill import transformation

    told = _check("marts")(night, progress)
    transformation.note_publishable(night.home, night.as_of)
    return told


def _build(part: Part) -> Callable[[Night, Progress], str]:
    def run(night: Night, progress: Progress) -> str:
        from leadmill import transformation

        return transformation.build(
            part,
            night.home,
            night.as_of,
            business_timezone=night.sources.business_timezone,
            reporting_currency=night.sources.reporting_currency,
            full_refresh=night.full_refresh,
            progress=progress,
        )

    return run


STEPS: dict[str, Step] = {
    "load_raw": Step("load landed files into raw", _load_raw),
    "check_raw": Step("gate: may raw be trusted?", _check("raw")),
    "build_identity": Step("build staging, canonical entities and identity", _build("identity")),
    "check_identity": Step("gate: may identity be trusted?", _check("identity"), needs="identity"),
    "build_marts": Step("build facts and KPI marts", _build("marts"), needs="identity"),
    "check_marts": Step("gate: may the marts be published?", _check_marts, needs="marts"),
    "publish": Step("publish the marts", _publish, needs="marts"),
}

AFTER_PUBLISHING = {"send_alerts": Step("send new alerts to the chat webhook", _send_alerts)}


def tonight() -> dict[str, Step]:
    """Return the steps that run here: alerts are sent only where a webhook is set."""
    return STEPS | AFTER_PUBLISHING if os.environ.get(ALERT_WEBHOOK) else STEPS


def run(name: str, night: Night, progress: Progress) -> str:
    """Run one step of `tonight()` as the only writer; return what it did in one line.

    Raises:
        LeadmillError: another process writes, or a run for another as_of came between this one's steps.
    """
    import ingestion
    from leadmill import transformation

    step = tonight()[name]
    with ingestion.writer_lock(night.home):
        if step.needs:
            transformation.require_built(step.needs, night.home, night.as_of)
        return step.act(night, progress)
