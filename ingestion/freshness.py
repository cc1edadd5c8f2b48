"""How old what is known of each source is: when it last delivered, and of when the newest record is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb

from ingestion import ledger
from ingestion.contract import Stream, quoted, systems, table_name
from ingestion.sources_file import Sources
from ingestion.sql import literal
from ingestion.warehouse import connect, writer_lock
from leadmill.settings import Home


def note(home: Home, sources: Sources, as_of: datetime) -> list[str]:
    """Write `ops.source_freshness` anew: of each stream that has delivered by `as_of`, how far behind it is.

    The lag is counted from the last delivery. The newest record tells of an export that is delivered on time with old
    content; it makes no source late, as a quiet stream has none either.

    Args:
        home: the data home.
        sources: the sources, with the hours in which each must have delivered something.
        as_of: the run's moment, aware.

    Returns:
        The names of the sources that are late.
    """
    moment = as_of.astimezone(UTC).replace(tzinfo=None)
    expected = [{"source": source.name, "hours": source.freshness_hours} for source in sources.sources]
    with writer_lock(home), connect(home) as connection:
        newest = _newest_records(connection)
        connection.begin()
        connection.execute("truncate ops.source_freshness")
        connection.execute(
            f"""
            insert into ops.source_freshness
            with
            expected as (select unnest($expected, recursive := true)),
            streams as (
                select
                    source, stream, max(delivered_at) as last_delivered_at, count(*) as files,
                    sum(rows_loaded)::bigint as rows_loaded, sum(rows_quarantined)::bigint as rows_quarantined
                from ops.files
                where delivered_at <= $as_of
                group by source, stream
            ),
            newest as ({newest}),
            told as (
                select
                    *, max(last_delivered_at) over (partition by source) as source_delivered_at,
                    date_diff('second', last_delivered_at, $as_of) / 3600 as lag_hours
                from expected
                left join streams using (source)
                left join newest using (source, stream)
            )
            select
                source, stream, $as_of, last_delivered_at, last_record_at, lag_hours, hours,
                coalesce(source_delivered_at < $as_of - to_seconds(hours * 3600), true),
                coalesce(files, 0), coalesce(rows_loaded, 0), coalesce(rows_quarantined, 0)
            from told
            """,
            {"expected": expected, "as_of": moment},
        )
        connection.commit()
        late = connection.execute("select distinct source from ops.source_freshness where is_late order by 1")
        return [source for (source,) in late.fetchall()]


def freshness(home: Home) -> list[dict[str, Any]]:
    """Return how old what is known of each source is; empty when there is no warehouse yet."""
    return ledger.read(home, "from ops.source_freshness order by source, stream")


def _newest_records(connection: duckdb.DuckDBPyConnection) -> str:
    """Return SQL for the newest record of each source and stream, of those that the ledger names.

    What lies after as_of is a plan, or a clock that runs ahead.
    """
    streams = connection.execute("select distinct system, stream from ops.files").fetchall()
    parts = ["select null::varchar as source, null::varchar as stream, null::timestamp as last_record_at"]
    for system, stream in streams:
        time = _time_of(systems()[system].streams[stream])
        if time:
            parts.append(
                f"""
                select _source, {literal(stream)}, max({time})
                from raw.{quoted(table_name(system, stream))}
                where _delivered_at <= $as_of and {time} <= $as_of
                group by _source
                """
            )
    return " union all ".join(parts)


def _time_of(stream: Stream) -> str | None:
    """Return SQL for the time of a stream's records."""
    name = stream.version_column or stream.time_column
    if name is None:
        return None
    kind = stream.columns[name].type
    # GA4 counts microseconds since 1970.
    return f"make_timestamp({quoted(name)})" if kind == "BIGINT" else f"{quoted(name)}::timestamp"
