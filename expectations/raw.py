"""The raw gate: did everything that was delivered arrive whole, typed, once, and of the usual size?

Raw only grows, so a night that was refused stays in it. The bounds on a night therefore look at the latest delivery
of each stream: a corrected or a later good delivery opens the gate again.
"""

from __future__ import annotations

from expectations.checks import Check, Scope, union
from ingestion.contract import quoted, systems, table_name

QUARANTINE_SHARE = 0.05
IMPLAUSIBLE_SHARE = 0.01
TOLERATED_ROWS = 5  # a handful of broken rows in a tiny file is no reason to stop the company's reports
EARLIEST = "timestamp '1990-01-01'"
LATEST_AFTER_AS_OF = "interval 2 days"  # clocks run ahead, and a business day may end a day after UTC's
VOLUME_SHARE = 0.5
USUAL_NIGHTS = 7
NIGHTS_TO_JUDGE = 3
ROWS_TO_JUDGE = 20

LEDGER = "ops.files"

# Checks over all raw tables hang on the ledger: one suite instead of one a stream saves seconds.
_ABOUT = "/* rows of the files in {batch} */\n"

# Times that are required but speak of a plan: a meeting may stand in the calendar for next month.
PLANNED = {("salesforce", "events", "StartDateTime"), ("files", "activity", "occurred_at")}
# A browser may tell any time, and a wrong one must not stop the night: the models hold it against the server's clock.
TOLD_BY_BROWSERS = {("collector", "events", "occurred_at")}


def checks(scope: Scope) -> list[Check]:
    """Return the checks of the raw gate."""
    return [
        Check(
            id="raw.files_reconcile",
            table=LEDGER,
            expects="rows in = rows loaded + rows quarantined + rows erased, for each file",
            because="a row that is neither loaded nor set aside has been lost or made up",
            rows="""
                select source, stream, file, rows_in, rows_loaded, rows_quarantined, rows_erased
                from {batch}
                where rows_in is distinct from rows_loaded + rows_quarantined + rows_erased
            """,
        ),
        Check(
            id="raw.tables_hold_the_ledger",
            table=LEDGER,
            expects="raw holds as many rows of each file as the ledger says were loaded",
            because="rows that went missing or were added behind the ledger's back are in no reconciliation",
            rows=f"""
                with
                told as (
                    select source, stream, file, sum(rows_loaded)::bigint as rows_loaded
                    from {{batch}}
                    group by source, stream, file
                ),
                held as ({_rows_of_files()})
                select
                    source, stream, file,
                    coalesce(rows_loaded, 0) as rows_loaded, coalesce(rows_held, 0) as rows_held
                from told
                full join held using (source, stream, file)
                where coalesce(rows_loaded, 0) != coalesce(rows_held, 0)
            """,
        ),
        Check(
            id="raw.files_loaded_once",
            table=LEDGER,
            expects="each file of an extract is in the ledger once",
            because="a file that is loaded twice counts its rows twice",
            rows="""
                select source, stream, file, count(*) as times
                from {batch}
                group by source, stream, file, sha256, extract_id
                having count(*) > 1
            """,
        ),
        Check(
            id="raw.quarantine_share",
            table=LEDGER,
            expects=f"of a stream's latest night at most {QUARANTINE_SHARE:.0%} or {TOLERATED_ROWS} rows are set aside",
            because="a night of mostly broken rows means that the source changed its form; numbers would be too small",
            rows=f"""
                {_nights(scope)}
                select
                    source, stream, delivered_at, rows_in, rows_quarantined,
                    round(rows_quarantined / rows_in, 3) as share, {QUARANTINE_SHARE} as bound
                from nights
                where is_latest and rows_quarantined > {TOLERATED_ROWS}
                    and rows_quarantined > {QUARANTINE_SHARE} * rows_in
            """,
        ),
        Check(
            id="raw.nothing_quarantined",
            table=LEDGER,
            expects="no row of a stream's latest night is quarantined",
            because="someone should look at what was set aside (`leadmill quarantine`)",
            severity="warn",
            rows=f"""
                {_nights(scope)}
                select source, stream, delivered_at, rows_in, rows_quarantined
                from nights
                where is_latest and rows_quarantined > 0
            """,
        ),
        Check(
            id="raw.something_arrived",
            table=LEDGER,
            expects="at least one row was loaded",
            because="marts of nothing are empty",
            rows=f"""
                select count(*) as files, coalesce(sum(rows_loaded), 0) as rows_loaded
                from {{batch}}
                where delivered_at <= {scope.as_of_sql}
                having coalesce(sum(rows_loaded), 0) = 0
            """,
        ),
        Check(
            id="raw.fresh",
            table="ops.source_freshness",
            expects="each source has delivered within its `freshness_hours`",
            because="a source that has stopped delivering freezes its numbers",
            severity="warn",
            rows="select distinct source, last_delivered_at, freshness_hours, as_of from {batch} where is_late",
        ),
        Check(
            id="raw.columns_keep_their_type",
            table="ops.schema_changes",
            expects="in a stream's latest delivery no column holds mostly values of another type",
            because="the values stand in `_extra` only: marts would be built as if there were none",
            rows=f"""
                select source, stream, column_name, file, detail
                from {{batch}}
                where change = 'retyped' and (source, stream, delivered_at) in (
                        select (source, stream, max(delivered_at))
                        from {LEDGER}
                        where delivered_at <= {scope.as_of_sql}
                        group by source, stream
                    )
            """,
        ),
        Check(
            id="raw.schema_unchanged",
            table="ops.schema_changes",
            expects="no column of a source was removed or renamed within a day before as_of",
            because="a column that is empty from some day on makes every number that reads it smaller",
            severity="warn",
            rows=f"""
                select source, stream, column_name, change, file, detail
                from {{batch}}
                where change != 'retyped'
                    and delivered_at between {scope.as_of_sql} - interval 1 day and {scope.as_of_sql}
            """,
        ),
        Check(
            id="raw.volume",
            table=LEDGER,
            expects=f"a stream's latest night has at least {VOLUME_SHARE:.0%} of the median of {USUAL_NIGHTS} before",
            because="a sudden drop is more often a broken export than a quiet day",
            severity="warn",
            rows=f"""
                {_nights(scope)},
                usual as (
                    select source, stream, median(rows_in) as usual_rows
                    from nights
                    where age between 2 and {USUAL_NIGHTS + 1}
                    group by source, stream
                    having count(*) >= {NIGHTS_TO_JUDGE} and median(rows_in) >= {ROWS_TO_JUDGE}
                )
                select nights.source, nights.stream, nights.delivered_at, nights.rows_in, usual.usual_rows
                from nights
                join usual on nights.source = usual.source and nights.stream = usual.stream
                where nights.is_latest and nights.rows_in < {VOLUME_SHARE} * usual.usual_rows
            """,
        ),
        Check(
            id="raw.required_columns",
            table=LEDGER,
            expects="columns that the raw contract requires are never null",
            because="records without their key or time cannot be told apart or placed",
            rows=_ABOUT + _missing_values(),
        ),
        Check(
            id="raw.plausible_times",
            table=LEDGER,
            expects=(
                f"times of a stream's latest night lie between 1990 and two days after as_of, but for "
                f"{IMPLAUSIBLE_SHARE:.0%} (or {TOLERATED_ROWS} rows)"
            ),
            because="a changed unit or time zone moves facts to days that nobody looks at",
            rows=_ABOUT + _implausible_times(scope),
        ),
    ]


def _nights(scope: Scope) -> str:
    """Return the CTE `nights`: rows per stream and delivery; a file delivered again replaces its former content."""
    return f"""
        with files as (
            from {{batch}}
            where delivered_at <= {scope.as_of_sql}
            qualify row_number() over (partition by source, stream, file, delivered_at order by loaded_at desc) = 1
        ),
        nights as (
            select
                source, stream, delivered_at,
                sum(rows_in)::bigint as rows_in,
                sum(rows_quarantined)::bigint as rows_quarantined,
                row_number() over (partition by source, stream order by delivered_at desc) as age,
                age = 1 as is_latest
            from files
            group by source, stream, delivered_at
        )
    """


def _rows_of_files() -> str:
    """Return the query for the rows that each file has in the raw tables."""
    return union(
        [
            "select _source as source, _stream as stream, _file as file, count(*) as rows_held "
            f"from raw.{quoted(table_name(system.system, name))} group by all"
            for system in systems().values()
            for name in system.streams
        ]
    )


def _missing_values() -> str:
    """Return the query for rows of any raw table that lack a required value: where they stand, not what they hold."""
    queries = []
    for system in systems().values():
        for name, stream in system.streams.items():
            required = [f"{quoted(column)} is null" for column, spec in stream.columns.items() if spec.required]
            queries.append(
                f"select '{table_name(system.system, name)}' as raw_table, _source, _file, _row_number "
                f"from raw.{quoted(table_name(system.system, name))} where {' or '.join(required)}"
            )
    return union(queries)


def _implausible_times(scope: Scope) -> str:
    """Return the query for required times of a latest delivery that are too often out of bounds, per column."""
    latest = f"{scope.as_of_sql} + {LATEST_AFTER_AS_OF}"
    queries = []
    for system in systems().values():
        for name, stream in system.streams.items():
            table = table_name(system.system, name)
            for column, spec in stream.columns.items():
                if not spec.required or (system.system, name, column) in PLANNED | TOLD_BY_BROWSERS:
                    continue
                if spec.type in {"TIMESTAMP", "DATE"}:
                    bounds = f"between {EARLIEST} and {latest}"
                elif column == "event_timestamp":  # GA4: microseconds since 1970 UTC
                    bounds = f"between epoch_us({EARLIEST}) and epoch_us({latest})"
                else:
                    continue
                queries.append(f"""
                    select
                        '{table}' as raw_table, '{column}' as column_name, _source, count(*) as delivered,
                        count(*) filter (where {quoted(column)} not {bounds}) as implausible
                    from raw.{quoted(table)}
                    where (_source, _delivered_at) in (
                        select (_source, max(_delivered_at))
                        from raw.{quoted(table)}
                        where _delivered_at <= {scope.as_of_sql}
                        group by _source
                    )
                    group by _source
                    having implausible > {TOLERATED_ROWS} and implausible > {IMPLAUSIBLE_SHARE} * delivered
                """)
    return union(queries)
