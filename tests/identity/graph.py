"""The identity models alone, on raw tables in memory: what dbt compiles is run without dbt, in a fraction of its time.

dbt compiles the project once for each state that a run can find: nothing built yet, built, built and to be refreshed.
A run then executes the compiled SQL and Python of the models that identity stands on, in the order of dbt's graph.
`test_harness.py` holds a run of this harness against one of dbt.
"""

from __future__ import annotations

import json
import types
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import duckdb
import jinja2
import pyarrow as pa
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from ingestion.contract import create_raw_tables
from leadmill.settings import Home
from leadmill.transformation import PROJECT, project_environment

State = Literal["first", "next", "refresh"]
Row = dict[str, Any]

# What dbt is told the moment is; each run puts its own in its place.
COMPILED_AS_OF = "2001-02-03 04:05:06"
SELECTED = ("--select", "+path:models/identity", "+path:models/intermediate/identity")


class Node(NamedTuple):
    """One model as dbt compiled it for one state of the warehouse."""

    relation: str
    schema: str
    name: str
    materialized: str
    is_python: bool
    code: str
    appends: bool
    before: tuple[str, ...]
    after: tuple[str, ...]


class Warehouse:
    """A warehouse in memory with the contract's raw tables, and the compiled models to run on it."""

    def __init__(self, home: Home) -> None:
        """Let dbt build and compile the project in `home`, which must be empty."""
        home.path.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(home.warehouse)) as connection:
            create_raw_tables(connection)
            connection.execute(
                "create schema ops; create table ops.id_key as select 'i' as inner_key, 'o' as outer_key"
            )
        self._nodes: dict[State, list[Node]] = {
            "first": _compiled(home, "first", "build", "--exclude-resource-type", "test", "unit_test"),
            "next": _compiled(home, "next", "compile"),
            "refresh": _compiled(home, "refresh", "compile", "--full-refresh"),
        }
        self._connection = duckdb.connect()
        # One thread: tables of a few rows are not worth a second one.
        self._connection.execute(
            f"""
            set threads = 1;
            set timezone = 'UTC';
            attach '{home.warehouse}' as template (read_only);
            attach ':memory:' as warehouse;
            copy from database template to warehouse;
            use warehouse;
            """
        )
        for node in self._nodes["first"]:
            if node.materialized == "view":
                self._connection.execute(f"create or replace view {node.relation} as {_of_any_moment(node.code)}")
        self._changed: set[str] = set()
        self._state: State = "first"

    def reset(self) -> None:
        """Empty the raw tables, and put seeds back to what the project says; the next run is the first one."""
        for table in self._changed:
            self._connection.execute(f"delete from {table}; insert into {table} from template.{table}")
        self._changed.clear()
        self._state = "first"

    def insert(self, table: str, rows: list[Row]) -> None:
        """Add rows to a raw table or a seed; columns that no row names are null."""
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {name: pa.array([row.get(name) for row in rows]) for name in names}
        self._connection.register("rows_to_insert", pa.table(columns))
        self._connection.execute(f"insert into {table} by name select * from rows_to_insert")
        self._changed.add(table)

    def delete(self, table: str, condition: str = "true") -> None:
        """Take rows out of a raw table or a seed."""
        self._connection.execute(f"delete from {table} where {condition}")
        self._changed.add(table)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self._connection.sql(sql).fetchall()

    def save_raw(self, path: Path) -> None:
        """Write the raw tables to a warehouse file."""
        self._connection.execute(f"attach '{path}' as file; create schema if not exists file.raw")
        for (name,) in self.query(
            "select table_name from duckdb_tables() where database_name = 'warehouse' and schema_name = 'raw'"
        ):
            self._connection.execute(f"create or replace table file.raw.{name} as from raw.{name}")
        self._connection.execute("detach file")

    def run(self, as_of: datetime, *, full_refresh: bool = False, until: str | None = None) -> None:
        """Run every model once, as the identity half of a night does; `until` names one before which it crashes."""
        state: State = "refresh" if full_refresh and self._state != "first" else self._state
        self._connection.execute("set variable as_of = $as_of", {"as_of": f"{as_of:%Y-%m-%d %H:%M:%S}"})
        for node in self._nodes[state]:
            if node.name == until:
                return
            if node.materialized != "view":
                self._run_hooks(node, node.before)
                self._build(node)
                self._run_hooks(node, node.after)
        self._state = "next"

    def _build(self, node: Node) -> None:
        into = f"insert into {node.relation} by name" if node.appends else f"create or replace table {node.relation} as"
        if not node.is_python:
            self._connection.execute(f"{into} {_of_any_moment(node.code)}")
            return
        module = types.ModuleType(node.name)
        exec(node.code, module.__dict__)  # noqa: S102 - dbt, too, runs the model's code as a module of its own
        dbt = module.dbtObj(lambda relation: self._connection.query(f"select * from {relation}"))
        self._connection.register("model_result", module.model(dbt, self._connection))
        self._connection.execute(f"{into} select * from model_result")
        self._connection.unregister("model_result")

    def _run_hooks(self, node: Node, hooks: tuple[str, ...]) -> None:
        """Run a model's hooks; what they may ask of dbt is what stands in the context here."""
        context = {
            "is_incremental": lambda: node.appends,
            "this": _Relation(node.relation, node.schema),
            "ref": lambda name: next(other.relation for other in self._nodes["first"] if other.name == name),
            "adapter": types.SimpleNamespace(get_relation=self._relation),
            "as_of": lambda: "cast(getvariable('as_of') as timestamp)",
        }
        for hook in hooks:
            if sql := jinja2.Template(hook).render(context).strip():
                self._connection.execute(sql)

    def _relation(self, database: str, schema: str, identifier: str) -> str | None:
        found = self.query(
            f"select 1 from duckdb_tables() where database_name = 'warehouse' and schema_name = '{schema}' "
            f"and table_name = '{identifier}'"
        )
        return f'"{schema}"."{identifier}"' if found else None


class _Relation(str):
    """A relation's name as hooks read it, with its parts."""

    def __new__(cls, name: str, schema: str) -> _Relation:
        relation = super().__new__(cls, name)
        relation.database, relation.schema = "warehouse", schema
        return relation


def _of_any_moment(sql: str) -> str:
    return sql.replace(f"'{COMPILED_AS_OF}'", "getvariable('as_of')")


def _compiled(home: Home, state: State, command: str, *options: str) -> list[Node]:
    """Run one dbt command and return the compiled models in the order in which dbt takes them."""
    with project_environment(home):
        outcome = dbtRunner().invoke(
            [
                *(command, *SELECTED, *options),
                *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
                *("--target-path", str(home.dbt_target), "--log-path", str(home.dbt_logs)),
                *("--vars", json.dumps({"as_of": COMPILED_AS_OF}), "--log-level", "none"),
                *("--no-send-anonymous-usage-stats",),
            ]
        )
    DuckDBConnectionManager.close_all_connections()
    assert outcome.success, outcome.exception or [found.message for found in outcome.result]
    nodes = [found.node for found in outcome.result if found.node.resource_type == "model"]
    return [_node(node, state) for node in nodes]


def _node(node: Any, state: State) -> Node:
    rebuilds = state == "first" or (state == "refresh" and node.config.full_refresh is not False)
    return Node(
        relation=node.relation_name,
        schema=node.schema,
        name=node.name,
        materialized=node.config.materialized,
        is_python=node.language == "python",
        code=node.compiled_code,
        appends=node.config.materialized == "incremental" and not rebuilds,
        before=tuple(hook.sql for hook in node.config.pre_hook),
        after=tuple(hook.sql for hook in node.config.post_hook),
    )
