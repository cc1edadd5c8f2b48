"""The ways from links to persons or connected components that `benchmarks.identity_scale` measures.

Each reads the links from the warehouse and leaves its result there, in a table of its own name with node_key and
component. Libraries are imported where they are used, so that the memory of a way is its own; the benchmark imports
them ahead of the clock.
"""

from __future__ import annotations

import json
from typing import Any

import duckdb

from leadmill.settings import Home

LINKS = "select left_key, right_key from intermediate.int_identity__links where is_active"


def dbt(home: Home, as_of: str, manifest: Any, *arguments: str) -> Any:  # noqa: ANN401 - dbt's own, untyped
    """Run a dbt command in this process and return its result; without a manifest dbt parses first."""
    from dbt.cli.main import dbtRunner

    from leadmill.transformation import PROJECT, project_environment

    with project_environment(home):
        outcome = dbtRunner(manifest).invoke(
            [
                *arguments,
                *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
                *("--target-path", str(home.dbt_target), "--log-path", str(home.dbt_logs)),
                *("--vars", json.dumps({"as_of": as_of}), "--log-level", "none", "--no-send-anonymous-usage-stats"),
            ]
        )
    if not outcome.success:
        raise SystemExit(str(outcome.exception or [(node.node.name, node.message) for node in outcome.result]))
    return outcome.result


def seed(home: Home, as_of: str, manifest: Any) -> None:  # noqa: ANN401
    """Load the project's seeds."""
    dbt(home, as_of, manifest, "seed")


def resolve(home: Home, as_of: str, manifest: Any) -> None:  # noqa: ANN401
    """Run the models from the changed links to the persons and what is told of them, the probabilistic tier off."""
    selected = ("int_identity__changed_links+,+int_identity__resolution", "int_identity__components")
    dbt(home, as_of, manifest, "run", "--select", *selected, "--exclude", "int_identity__probable_links")


def scipy(home: Home) -> None:
    """Components by scipy, text keys numbered by Arrow."""
    from identity.components import connected_components

    with connect(home) as connection:
        nodes = connected_components(connection.sql(LINKS).to_arrow_table())
        connection.register("nodes", nodes)
        connection.execute("create table scipy as from nodes")


def contraction(home: Home) -> None:
    """Components by the SQL that DuckDB and Spark share."""
    from identity.components import contraction

    with connect(home) as connection:
        connection.execute(f"create view active_links as {LINKS}")
        contraction(lambda statement: connection.execute(statement).fetchall(), "active_links", "contraction")


def splink(home: Home) -> None:
    """Components by Splink's clustering on DuckDB."""
    from splink import DuckDBAPI
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    with connect(home) as connection:
        connection.execute(f"create view splink_edges as select left_key as key_l, right_key as key_r from ({LINKS})")
        connection.execute(
            "create table splink_nodes as select key_l as key from splink_edges union select key_r from splink_edges"
        )
        clusters = cluster_pairwise_predictions_at_threshold(
            "splink_nodes", "splink_edges", DuckDBAPI(connection), "key"
        )
        found = clusters.physical_name
        connection.execute(f"create table splink as select key as node_key, cluster_id as component from {found}")


def connect(home: Home) -> duckdb.DuckDBPyConnection:
    """Open the warehouse with as many threads as dbt's profile gives it."""
    return duckdb.connect(str(home.warehouse), config={"threads": 2, "preserve_insertion_order": False})
