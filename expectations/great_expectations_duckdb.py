"""Great Expectations on DuckDB: the one patch it needs, and an expectation that runs its query once."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")  # read while the package is imported

import great_expectations as gx
from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults
from great_expectations.execution_engine import sqlalchemy_execution_engine

SAMPLE_ROWS = 5


class _Dialect(StrEnum):
    DUCKDB = "duckdb"


# Great Expectations closes the connection before it fetches, except for dialects of this list; duckdb-engine's results
# die with their connection, so that every expectation fails with 'list index out of range' (GX issues 10738, 11579).
sqlalchemy_execution_engine._PERSISTED_CONNECTION_DIALECTS = (
    *sqlalchemy_execution_engine._PERSISTED_CONNECTION_DIALECTS,
    _Dialect.DUCKDB,
)


def _silence_standard_error() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


# Once Great Expectations has opened a data source, DuckDB's binding prints dozens of 'leaked instance' lines while the
# interpreter is torn down (nothing is lost: the file is closed by then). Handlers run after errors have been printed.
atexit.register(_silence_standard_error)


class ExpectNoRows(gx.expectations.UnexpectedRowsExpectation):  # type: ignore[misc]
    """Expect a query for rule-breaking rows to find none.

    The stock expectation runs its query twice (rows and count) and returns up to 200 rows. On tables of many millions
    of rows once is enough: the query is wrapped so that it yields the exact count beside a few sample rows.
    """

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.table",)

    @staticmethod
    def wrapped(rows: str) -> str:
        """Return the query for the count of rows and a sample, the same sample each time."""
        return (
            f"with breaking as (\n{rows}\n)\n"
            f"select *, (select count(*) from breaking) as breaking_rows from breaking order by all limit {SAMPLE_ROWS}"
        )

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: object = None, execution_engine: object = None
    ) -> dict[str, Any]:
        sample = [dict(row) for row in metrics["unexpected_rows_query.table"]]
        count = sample[0]["breaking_rows"] if sample else 0
        rows = [{name: value for name, value in row.items() if name != "breaking_rows"} for row in sample]
        return {"success": count == 0, "result": {"observed_value": count, "details": {"unexpected_rows": rows}}}


def in_memory_context() -> Any:  # noqa: ANN401
    """Return a context that keeps nothing, has no Data Docs site of its own, and draws no progress bars."""
    return gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(),
            progress_bars={"globally": False},
            analytics_enabled=False,
        ),
    )


@contextmanager
def warehouse_source(context: Any, path: Path) -> Iterator[Any]:  # noqa: ANN401
    """Yield the warehouse, read-only, as a data source of a context; close the file after it."""
    source = context.data_sources.add_sql("warehouse", connection_string=f"duckdb:///{path}?access_mode=read_only")
    try:
        yield source
    finally:
        source.get_execution_engine().close()
        source.get_engine().dispose()
