"""Salesforce: responses of the REST query resource, a file for each object."""

from __future__ import annotations

from pathlib import Path

import duckdb

from simulator.exports.files import Broken, Mess, Pages, append_cut_line, export_sql, write_pages

_OBJECTS = (
    *("Lead", "Contact", "Account", "Opportunity", "OpportunityFieldHistory", "Campaign", "CampaignMember"),
    *("Task", "Event", "User"),
)
_STREAMS = {"Lead": "leads", "Opportunity": "opportunities"}
_BROKEN = {
    "Lead": [
        Broken(
            "text_in_date",
            '{"attributes":{"type":"Lead"},"Id":"00Q5i9990000001AAA","CreatedDate":"不明","SystemModstamp":"不明"}',
        ),
        Broken(
            "missing_required",
            '{"attributes":{"type":"Lead"},"Id":null,"CreatedDate":"2026-01-01T00:00:00.000+0000",'
            '"SystemModstamp":"2026-01-01T00:00:00.000+0000"}',
        ),
    ],
    "Opportunity": [
        Broken(
            "text_in_number",
            '{"attributes":{"type":"Opportunity"},"Id":"0065i9990000001AAA","StageName":"Closed Won","Amount":"未定",'
            '"CreatedDate":"2026-01-01T00:00:00.000+0000","SystemModstamp":"2026-01-01T00:00:00.000+0000"}',
        ),
    ],
}
_QUERY = Pages(
    2000,
    """'{"totalSize":' || total || ',"done":' || (page = pages - 1) || case
        when page < pages - 1
            then ',"nextRecordsUrl":"/services/data/v61.0/query/01g5i00000KMoCRAA1-' || (page + 1) * 2000 || '"'
        else ''
    end || ',"records":[' || records || ']}'""",
)


def write(connection: duckdb.DuckDBPyConnection, folder: Path, mess: Mess) -> None:
    """Write one delivery into `folder`."""
    for name in _OBJECTS:
        path = folder / f"{name}.jsonl"
        broken = _BROKEN.get(name, [])
        write_pages(connection, export_sql(f"salesforce/{name}"), _QUERY, path, broken)
        for row in broken:
            mess.note(row.kind, _STREAMS[name], path)
    append_cut_line(folder / "Lead.jsonl")
    mess.note("cut_line", "leads", folder / "Lead.jsonl")
