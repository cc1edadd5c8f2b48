"""Zoom: the attendee report, one file a webinar, with two tables in it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb

from simulator.exports.files import Broken, Mess, export_sql, write_csv
from simulator.world import Delivery, set_variables

_ATTENDEE = "Yes,不明,不明,不明,,,,,,,,,,Japan"
_BROKEN = [
    Broken("missing_required", _ATTENDEE),
    Broken("wrong_column_count", "Yes,途中で切れた行"),
]


def write(connection: duckdb.DuckDBPyConnection, delivery: Delivery, folder: Path, mess: Mess) -> None:
    """Write the reports of the delivery's webinars into `folder`."""
    held = connection.execute(
        """
        select
            webinar_key, webinar_id, topic, strftime(local_time(starts_at), '%b %d, %Y %H:%M:%S'),
            count(attendance_key), count(attendance_key) filter (where is_attended)
        from webinars
        left join attendance using (webinar_key)
        where starts_at >= getvariable('since') and starts_at < getvariable('until')
        group by all
        order by webinar_key
        """
    ).fetchall()
    for key, webinar_id, topic, starts_at, registered, viewers in held:
        set_variables(connection, {"webinar_key": key})
        # Reports are short: broken rows in each would be a tool that is broken, not a few bad rows.
        broken = _BROKEN if key == 1 else []
        path = folder / f"attendee_{webinar_id}.csv"
        write_csv(
            connection,
            export_sql("zoom_attendees"),
            path,
            encoding="utf-8-sig",
            before=[
                "Attendee Report",
                f'Report Generated:,"{delivery.day + timedelta(days=1):%b %d, %Y} 09:00"',
                "Topic,Webinar ID,Actual Start Time,Actual Duration (minutes),# Registered,Unique Viewers",
                f'{topic},{webinar_id},"{starts_at}",60,{registered},{viewers}',
                "Attendee Details,",
            ],
            after=[row.text for row in broken],
        )
        for row in broken:
            mess.note(row.kind, "attendees", path)
