"""Run the checks of a gate with Great Expectations, write its Data Docs, and refuse what may not be trusted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import duckdb
import great_expectations as gx

from expectations import identity, marts, raw
from expectations.checks import Check, Scope
from expectations.great_expectations_duckdb import ExpectNoRows, in_memory_context, warehouse_source
from leadmill.errors import GateRefused, LeadmillError
from leadmill.settings import Home

Gate = Literal["raw", "identity", "marts"]

_CHECKS: dict[Gate, Callable[[Scope], list[Check]]] = {
    "raw": raw.checks,
    "identity": identity.checks,
    "marts": marts.checks,
}
_SEVERITY = {"error": "critical", "warn": "warning"}
KEPT_RESULTS = 30
_ABORTED = "transaction is aborted"  # what DuckDB answers to each query after the one at fault


@dataclass(frozen=True)
class Outcome:
    """What one check found.

    Attributes:
        check: The check.
        breaking_rows: How many rows break the rule.
        sample: Some of them, keys and counts only.
        fault: Why the check could not be run; then nothing is known about the data.
    """

    check: Check
    breaking_rows: int
    sample: list[dict[str, Any]]
    fault: str | None = None

    def __str__(self) -> str:
        rows = "; ".join(", ".join(f"{key}={value}" for key, value in row.items()) for row in self.sample)
        return (
            f"  {self.check.id} on {self.check.table}: {self.check.expects}.\n"
            f"    Expected no row that breaks it, observed {self.breaking_rows}: {rows}\n"
            f"    It matters because {self.check.because}."
        )


@dataclass(frozen=True)
class GateResult:
    """What a gate that let the layer pass has found."""

    gate: Gate
    checks: int
    warnings: list[str]
    docs: Path  # index page of the Data Docs

    def __str__(self) -> str:
        holding = self.checks - len(self.warnings)
        return f"{holding} of {self.checks} checks hold, {len(self.warnings)} warn ({self.docs})"


def check(
    gate: Gate,
    home: Home,
    as_of: datetime,
    *,
    business_timezone: str,
    reporting_currency: str,
    progress: Callable[[str], None],
) -> GateResult:
    """Check whether a layer of the warehouse may be trusted.

    Args:
        gate: The layer: `raw` after loading, `identity` before the marts are built, `marts` before publishing.
        home: The data home; results and Data Docs are written below its `gates`.
        as_of: The moment the run speaks of, aware.
        business_timezone: Name of the zone in which the Data Docs tell the run's day.
        reporting_currency: ISO code that amounts in marts must have.
        progress: Is told each warning.

    Returns:
        How many checks ran, what they warn of, and where the Data Docs stand.

    Raises:
        GateRefused: a check of severity `error` found rows; the message names them.
        LeadmillError: a check could not be run, which says nothing about the data.
    """
    if not home.warehouse.exists():
        raise LeadmillError(f"gate {gate}: there is no warehouse at {home.warehouse}; load something first")
    text_columns = _text_columns(home.warehouse)
    checks = _CHECKS[gate](Scope(as_of.astimezone(UTC).replace(tzinfo=None), reporting_currency, text_columns))
    missing = sorted({check.table for check in checks} - text_columns.keys())
    if missing:
        raise LeadmillError(f"gate {gate}: the step before it has not built {', '.join(missing)}")
    docs = home.gates / gate
    outcomes = _run(gate, home.warehouse, docs, checks, as_of.astimezone(ZoneInfo(business_timezone)))
    _keep(home.gates / "results" / gate, outcomes, as_of)

    index = docs / "index.html"
    faults = [outcome for outcome in outcomes if outcome.fault]
    if faults or len(outcomes) != len(checks):
        # Of checks that share a transaction the first fault is told, not the many that it aborted.
        first = [outcome for outcome in faults if _ABORTED not in str(outcome.fault)] or faults
        lines = "\n".join(f"  {outcome.check.id} on {outcome.check.table}: {outcome.fault}" for outcome in first)
        raise LeadmillError(
            f"gate {gate}: {len(outcomes) - len(faults)} of {len(checks)} checks could be run; not run:\n{lines}"
        )
    broken = [outcome for outcome in outcomes if outcome.breaking_rows]
    refusals = [outcome for outcome in broken if outcome.check.severity == "error"]
    if refusals:
        told = "\n".join(str(outcome) for outcome in refusals)
        raise GateRefused(
            f"gate {gate}: {len(refusals)} of {len(checks)} checks refuse the layer; "
            f"the marts published before stay:\n{told}\n  Details: {index}"
        )
    warnings = [str(outcome) for outcome in broken]
    for warning in warnings:
        progress(f"warning: {warning.strip()}")
    return GateResult(gate, len(checks), warnings, index)


def _text_columns(warehouse: Path) -> dict[str, list[str]]:
    """Return every table of the warehouse, `schema.table`, with those of its columns that hold text."""
    query = """
        select
            table_schema || '.' || table_name,
            coalesce(list(column_name) filter (where data_type like '%VARCHAR%' or data_type = 'JSON'), [])
        from information_schema.columns
        group by all
    """
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            return dict(connection.execute(query).fetchall())
    except duckdb.Error as error:
        raise LeadmillError(f"{warehouse} cannot be read: {error}") from error


def _run(gate: Gate, warehouse: Path, docs: Path, checks: list[Check], as_of: datetime) -> list[Outcome]:
    """Validate one suite per table and render the Data Docs."""
    context = in_memory_context()
    if docs.exists():
        shutil.rmtree(docs)
    context.add_data_docs_site(
        site_name=gate,
        site_config={
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs)},
        },
    )
    by_id = {check.id: check for check in checks}
    with warehouse_source(context, warehouse) as source:
        suites = [
            _validation(context, source, table, list(group))
            for table, group in groupby(sorted(checks, key=lambda check: check.table), lambda check: check.table)
        ]
        checkpoint = gx.Checkpoint(name=gate, validation_definitions=suites, actions=[], result_format="COMPLETE")
        run_id = gx.RunIdentifier(run_name=f"as of {as_of.isoformat()}", run_time=as_of)
        results = context.checkpoints.add(checkpoint).run(run_id=run_id).run_results
    context.build_data_docs()
    return [_outcome(by_id, result) for suite in results.values() for result in suite.results]


def _validation(context: Any, source: Any, table: str, checks: list[Check]) -> Any:  # noqa: ANN401
    """Return the suite of one table, bound to the table."""
    schema, name = table.split(".")
    batch = source.add_table_asset(table, table_name=name, schema_name=schema).add_batch_definition_whole_table("all")
    expectations = [
        ExpectNoRows(
            unexpected_rows_query=ExpectNoRows.wrapped(check.rows),
            description=f"{check.id}: {check.expects}",
            notes=f"It matters because {check.because}.",
            severity=_SEVERITY[check.severity],
            meta={"check": check.id},
        )
        for check in checks
    ]
    suite = context.suites.add(gx.ExpectationSuite(name=table, expectations=expectations))
    return context.validation_definitions.add(gx.ValidationDefinition(name=table, data=batch, suite=suite))


def _outcome(by_id: dict[str, Check], result: Any) -> Outcome:  # noqa: ANN401
    """Translate one result of Great Expectations; an exception inside it is a fault, not bad data."""
    check = by_id[result.expectation_config.meta["check"]]
    if "observed_value" not in result.result:
        return Outcome(check, 0, [], fault=_fault(result.exception_info))
    return Outcome(check, result.result["observed_value"], result.result["details"]["unexpected_rows"])


def _fault(exception_info: dict[str, Any]) -> str:
    """Return the messages of the exceptions in a result, without the SQL that SQLAlchemy appends."""
    infos = [exception_info] if "exception_message" in exception_info else list(exception_info.values())
    return "; ".join(sorted({str(info["exception_message"]).split("\n[SQL")[0] for info in infos}))


def _keep(folder: Path, outcomes: list[Outcome], as_of: datetime) -> None:
    """Write the outcomes as JSON, one file a run; the oldest beyond `KEPT_RESULTS` go."""
    folder.mkdir(parents=True, exist_ok=True)
    content = json.dumps([asdict(outcome) for outcome in outcomes], default=str, indent=1)
    (folder / f"{as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}.json").write_text(content, "utf-8")
    for old in sorted(folder.glob("*.json"))[:-KEPT_RESULTS]:
        old.unlink()
