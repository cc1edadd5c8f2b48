"""Run the dbt project inside this process, and tell bad data (a failed test) from a fault (a broken model)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.artifacts.schemas.results import NodeStatus
from dbt.cli.main import dbtRunner, dbtRunnerResult

from ingestion.warehouse import connect
from leadmill.errors import GateRefused, LeadmillError
from leadmill.settings import Home

PROJECT = Path(__file__).parents[1] / "dbt_project"

Part = Literal["identity", "marts"]

# For which as_of each half of the project stands in the warehouse.
_BUILT = "create schema if not exists ops; create table if not exists ops.built (part varchar, as_of timestamp)"
# For which as_of the marts that stand passed their gate; nobody may be told of marts that did not.
_PUBLISHABLE = "create table if not exists ops.publishable (as_of timestamp)"
# The project as dbt parsed it, by its hash: parsing takes as long as building a small company, and dbt would parse anew
# for each as_of. What a night's variables say is put in when a model is compiled.
_PARSED: dict[str, Any] = {}
_SELECTION: dict[Part, tuple[str, str]] = {
    "identity": ("--select", "tag:identity_gate"),
    "marts": ("--exclude", "tag:identity_gate"),
}


def build(
    part: Part,
    home: Home,
    as_of: datetime,
    *,
    business_timezone: str,
    reporting_currency: str,
    full_refresh: bool,
    progress: Callable[[str], None],
) -> str:
    """Build and test one half of the dbt project; return what was built in one line.

    Raises:
        GateRefused: a data test failed: the models stand, but must not be published.
        LeadmillError: a model could not be built, or the project does not parse.
    """
    variables = {
        "as_of": as_of.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
        "business_timezone": business_timezone,
        "reporting_currency": reporting_currency,
    }
    options = (
        *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
        *("--target-path", str(home.dbt_target), "--log-path", str(home.dbt_logs)),
        *("--vars", json.dumps(variables)),
        *("--log-level", "none", "--no-use-colors", "--no-send-anonymous-usage-stats"),
    )
    _prepare(part, home)
    with project_environment(home):
        definitions = definitions_hash()
        if definitions not in _PARSED:
            _PARSED.clear()
            _PARSED[definitions] = _result(dbtRunner().invoke(["parse", *options]))
        outcome = dbtRunner(manifest=_PARSED[definitions], callbacks=[_teller(progress)]).invoke(
            [
                *("build", *_SELECTION[part], "--exclude-resource-type", "unit_test"),  # `make test` runs unit tests
                *options,
                *(["--full-refresh"] if full_refresh else []),
            ]
        )
    # dbt-duckdb keeps the file open with settings of its own, which shuts out the next step of this process.
    DuckDBConnectionManager.close_all_connections()
    summary = _judged(_result(outcome).results, home)
    with connect(home) as connection:
        connection.execute("insert into ops.built values ($part, $as_of)", {"part": part, "as_of": variables["as_of"]})
    return summary


def _result(outcome: dbtRunnerResult) -> Any:  # noqa: ANN401
    """Return what dbt gave, or raise why it gave nothing."""
    if outcome.result is None:
        raise LeadmillError(f"dbt could not start: {outcome.exception}")
    return outcome.result


def definitions_hash() -> str:
    """Return a hash of the models, macros and seeds: two versions with one hash count by the same rules."""
    digest = sha256()
    for folder in ("macros", "models", "seeds"):
        for path in sorted((PROJECT / folder).rglob("*")):
            if path.suffix in {".csv", ".py", ".sql", ".yml"}:
                digest.update(path.relative_to(PROJECT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def require_built(part: Part, home: Home, as_of: datetime) -> None:
    """Check that half of the project stands built for this as_of.

    Raises:
        LeadmillError: it is not built, or for another as_of: a run of another night came between.
    """
    with connect(home) as connection:
        connection.execute(_BUILT)
        found = connection.execute("select as_of from ops.built where part = $part", {"part": part}).fetchall()
    if found != [(as_of.astimezone(UTC).replace(tzinfo=None),)]:
        standing = f"stands as of {found[0][0]} UTC" if found else "is not built"
        raise LeadmillError(
            f"{part} {standing}, not as of {as_of.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC: another run came between. "
            "Nothing was published; run this night again."
        )


def note_publishable(home: Home, as_of: datetime) -> None:
    """Note that the marts that stand passed their gate; building anything anew takes it back."""
    with connect(home) as connection:
        connection.execute(f"{_PUBLISHABLE}; delete from ops.publishable")
        connection.execute(
            "insert into ops.publishable values ($as_of)", {"as_of": as_of.astimezone(UTC).replace(tzinfo=None)}
        )


def _prepare(part: Part, home: Home) -> None:
    """Note that a part is about to change (marts stand on identity and fall with it), and give models their key."""
    inner, outer = (sha256(f"{use}|{home.id_key()}".encode()).hexdigest() for use in ("inner", "outer"))
    with connect(home) as connection:
        connection.execute(_BUILT)
        connection.execute("delete from ops.built where part = $part or $part = 'identity'", {"part": part})
        connection.execute(f"{_PUBLISHABLE}; delete from ops.publishable")
        connection.execute(
            "create or replace table ops.id_key as select $inner as inner_key, $outer as outer_key",
            {"inner": inner, "outer": outer},
        )


@contextmanager
def project_environment(home: Home) -> Iterator[None]:
    """Set the environment variable that the dbt profile reads, and set it back."""
    before = os.environ.get("LEADMILL_HOME")
    os.environ["LEADMILL_HOME"] = str(home.path)
    try:
        yield
    finally:
        if before is None:
            del os.environ["LEADMILL_HOME"]
        else:
            os.environ["LEADMILL_HOME"] = before


def _judged(results: Any, home: Home) -> str:  # noqa: ANN401
    """Return a summary of a build's node results, or raise what they say."""
    of = {status: [node for node in results if node.status == status] for status in NodeStatus}
    broken = of[NodeStatus.Error] + of[NodeStatus.RuntimeErr]
    if broken:
        found = "\n".join(f"  {node.node.name}: {node.message}" for node in broken)
        raise LeadmillError(f"dbt could not build {len(broken)} node(s) (logs: {home.dbt_logs}):\n{found}")
    if of[NodeStatus.Fail]:
        found = "\n".join(
            f"  {node.node.name}: {node.message}; rows: {node.node.compiled_path}" for node in of[NodeStatus.Fail]
        )
        raise GateRefused(f"{len(of[NodeStatus.Fail])} data test(s) failed; the marts published before stay:\n{found}")
    warned = f", {len(of[NodeStatus.Warn])} warned" if of[NodeStatus.Warn] else ""
    built, passed = len(of[NodeStatus.Success]), len(of[NodeStatus.Pass])
    return f"{built} models and seeds built, {passed} tests passed{warned}"


def _teller(progress: Callable[[str], None]) -> Callable[[Any], None]:
    """Return a dbt callback that tells each warning as it comes."""

    def tell(event: Any) -> None:  # noqa: ANN401
        if event.info.name == "LogTestResult" and event.data.status == "warn":
            progress(f"warning: {event.data.name}: {event.data.num_failures} row(s)")

    return tell
