"""The nightly load: sources in parallel, one writer to the warehouse, marts published only through the gates.

Each task calls one function of `leadmill.steps`; the DAG holds when, in what order, and what to do on failure.
`as_of` is the run's logical date, so a backfill of a date builds what was known then.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import Asset, CronTriggerTimetable, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

import ingestion
from leadmill import journal, steps
from leadmill.errors import GateRefused, InputError
from leadmill.settings import Home

# What other DAGs may schedule on.
OUTLETS = {
    "load_raw": [Asset("leadmill://warehouse/raw")],
    "build_marts": [Asset("leadmill://warehouse/marts")],
    "publish": [Asset("leadmill://published/marts")],
}
WRITER_POOL = "warehouse"  # one slot: DuckDB has one writer


def tell_failure(context: dict[str, Any]) -> None:
    """Say which step failed and why, where the scheduler's log is read."""
    failed = context["task_instance"]
    logging.getLogger("leadmill").error("step %s failed: %s", failed.task_id, context.get("exception"))


def _sources() -> ingestion.Sources:
    return ingestion.read_sources(Path(os.environ.get("LEADMILL_SOURCES", "sources.yml")))


@contextmanager
def _failing_at_once() -> Iterator[None]:
    """Fail a task without retries where a retry would find the same bad data or configuration again."""
    try:
        yield
    except (GateRefused, InputError) as error:
        raise AirflowFailException(str(error)) from error


def _in_night(name: str, run: Callable[[steps.Night, steps.Progress], str]) -> str:
    """Run one step in this DAG run's night."""
    context = get_current_context()
    dag_run = context["dag_run"]
    as_of = (context.get("logical_date") or dag_run.run_after).astimezone(UTC)
    home = Home.from_environment()
    home.prepare()
    with _failing_at_once(), journal.entry(home, as_of, name) as done:
        night = steps.Night(home, _sources(), as_of, started_at=dag_run.start_date)
        summary = run(night, lambda line: print(f"    {line}", flush=True))
        done(summary)
    print(f"  ✓ {name}: {summary}", flush=True)
    return summary


@dag(
    schedule=CronTriggerTimetable("0 3 * * *", timezone="Asia/Tokyo"),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=15),
        "on_failure_callback": tell_failure,
    },
    doc_md=__doc__,
    tags=["leadmill"],
)
def nightly() -> None:
    """Declare the tasks."""

    @task(doc_md="Read which sources the sources file names.")
    def list_sources() -> list[str]:
        with _failing_at_once():
            return [source.name for source in _sources().sources]

    @task(map_index_template="{{ source }}", doc_md="Land what one source has delivered by the logical date.")
    def extract(source: str) -> str:
        get_current_context()["source"] = source  # names the mapped task in the UI
        return _in_night(f"extract {source}", lambda night, progress: steps.extract(night, source, progress))

    @task
    def run_step(name: str) -> str:
        return _in_night(name, lambda night, progress: steps.run(name, night, progress))

    before = extract.expand(source=list_sources())
    for name, step in steps.tonight().items():
        current = run_step.override(task_id=name, pool=WRITER_POOL, outlets=OUTLETS.get(name, []), doc_md=step.title)(
            name
        )
        before >> current
        before = current


nightly()
