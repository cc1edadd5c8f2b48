"""HubSpot: responses of its public API, a file for each call."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

from duckdb import DuckDBPyConnection as Connection

from simulator.exports.files import Broken, Mess, Pages, append_cut_line, export_sql, write_pages
from simulator.world import Delivery, in_parallel, set_variables

_OBJECTS = ("contacts", "companies", "forms", "marketing_emails")
_BROKEN = {
    "contacts": [
        Broken(
            "text_in_date", '{"id":"990001","createdAt":"昨日","updatedAt":"昨日","properties":{},"archived":false}'
        ),
        Broken("missing_required", '{"id":null,"createdAt":null,"updatedAt":null,"properties":{}}'),
    ],
    "email_events": [
        Broken(
            "text_in_date",
            '{"id":"990002","created":"n/a","type":"OPEN","recipient":"x@kumo-crm.example","emailCampaignId":1}',
        ),
        Broken("missing_required", '{"id":"990003","created":1767225600000,"type":"OPEN","emailCampaignId":1}'),
    ],
}


def _paged(size: int, url: str) -> Pages:
    following = "(page + 1) * " + str(size)
    return Pages(
        size,
        f"""'{{"results":[' || records || ']' || case
            when page < pages - 1
                then ',"paging":{{"next":{{"after":"' || {following} || '","link":"{url}?limit={size}&after='
                    || {following} || '"}}}}'
            else ''
        end || '}}'""",
    )


_EVENTS = Pages(
    1000,
    """'{"hasMore":' || (page < pages - 1) || ',"offset":"' || md5(page::varchar) || '","events":['
    || records || ']}'""",
)
_WORKFLOWS = Pages(250, """'{"workflows":[' || records || ']}'""")
_LISTS = Pages(250, """'{"lists":[' || records || '],"has-more":false,"offset":' || total || '}'""")


def write(connection: Connection, delivery: Delivery, folder: Path, mess: Mess) -> None:
    """Write one delivery into `folder`."""
    for name in _OBJECTS:
        path = folder / f"{name}.jsonl"
        url = f"https://api.hubapi.com/crm/v3/objects/{name}"
        broken = _BROKEN.get(name, [])
        write_pages(connection, export_sql(f"hubspot/{name}"), _paged(100, url), path, broken)
        for row in broken:
            mess.note(row.kind, name, path)
    append_cut_line(folder / "contacts.jsonl")
    mess.note("cut_line", "contacts", folder / "contacts.jsonl")
    _write_per_id(connection, folder)
    write_pages(connection, export_sql("hubspot/lists"), _LISTS, folder / "lists.jsonl")
    write_pages(connection, export_sql("hubspot/workflows"), _WORKFLOWS, folder / "workflows.jsonl")
    _write_email_events(connection, delivery, folder, mess)


def _write_per_id(connection: Connection, folder: Path) -> None:
    """Write the calls that name their form or list in the address."""
    for key, form_id in connection.execute("select form_key, form_id from forms order by form_key").fetchall():
        set_variables(connection, {"form_key": key})
        url = f"https://api.hubapi.com/form-integrations/v1/submissions/forms/{form_id}"
        path = folder / "form_submissions" / f"{form_id}.jsonl"
        write_pages(connection, export_sql("hubspot/form_submissions"), _paged(50, url), path)
    for (key,) in connection.execute("select list_key from lists order by list_key").fetchall():
        set_variables(connection, {"list_key": key})
        url = f"https://api.hubapi.com/crm/v3/lists/{key}/memberships"
        path = folder / "list_memberships" / f"{key}.jsonl"
        write_pages(connection, export_sql("hubspot/list_memberships"), _paged(100, url), path)


def _write_email_events(connection: Connection, delivery: Delivery, folder: Path, mess: Mess) -> None:
    """Write the mail events; a long history was fetched thirty days at a time."""
    query = export_sql("hubspot/email_events")

    def write_chunk(path: Path, since: datetime, until: datetime, broken: list[Broken], cursor: Connection) -> None:
        set_variables(cursor, {"chunk_from": since, "chunk_until": until})
        write_pages(cursor, query, _EVENTS, path, broken)

    jobs = []
    for number, (since, until) in enumerate(pairwise(_thirty_days_each(delivery.since, delivery.until)), start=1):
        path = folder / f"email_events_{number:03}.jsonl"
        broken = _BROKEN["email_events"] if number == 1 else []
        jobs.append(partial(write_chunk, path, since, until, broken))
        for row in broken:
            mess.note(row.kind, "email_events", path)
    in_parallel(connection, jobs)


def _thirty_days_each(since: datetime, until: datetime) -> list[datetime]:
    bounds = [since]
    while bounds[-1] + timedelta(days=30) < until:
        bounds.append(bounds[-1] + timedelta(days=30))
    return [*bounds, until]
