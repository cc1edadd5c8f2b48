"""The files have the shapes in which the tools give them."""

import csv
import json
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from simulator.exports.files import write_pages
from simulator.exports.salesforce import _QUERY

HISTORY, NIGHTS = "2026-10-28", ["2026-10-29", "2026-10-30", "2026-10-31"]
CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def _pages(path: Path) -> list[dict[str, Any]]:
    """Return the response pages of a file, without lines that a broken transfer cut."""
    pages = []
    for line in path.read_text("utf-8").splitlines():
        try:
            pages.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return pages


def _records(folder: Path, name: str, key: str) -> list[dict[str, Any]]:
    return [record for path in sorted(folder.glob(name)) for page in _pages(path) for record in page[key]]


def test_hubspot_pages_are_full_and_name_the_next(company: Path) -> None:
    pages = _pages(company / "exports/hubspot" / HISTORY / "contacts.jsonl")

    assert all(len(page["results"]) == 100 for page in pages[:-1])
    assert [page["paging"]["next"]["after"] for page in pages[:-1]] == [str(100 * n) for n in range(1, len(pages))]
    assert "paging" not in pages[-1]


def test_mail_events_come_a_thousand_a_page_newest_first_some_twice(company: Path) -> None:
    files = sorted((company / "exports/hubspot" / HISTORY).glob("email_events*.jsonl"))
    pages = _pages(files[1])
    events = [event for page in pages for event in page["events"]]
    times = Counter(event["id"] for event in events)

    assert len(files) > 1
    assert all(len(page["events"]) == 1000 and page["hasMore"] for page in pages[:-1])
    assert not pages[-1]["hasMore"]
    assert events[0]["created"] > events[-1]["created"]
    assert max(times.values()) == 2
    sent = {event["id"] for event in events if event["type"] == "SENT"}
    opened = [event for event in events if event["type"] == "OPEN"]
    assert any(event["sentBy"]["id"] in sent for event in opened)
    assert any(event["filteredEvent"] for event in opened)


def test_salesforce_pages_hold_two_thousand_and_name_the_next(tmp_path: Path) -> None:
    path = tmp_path / "Task.jsonl"
    with duckdb.connect() as connection:
        write_pages(connection, "select i as position, '{}' as record from range(4500) as t (i)", _QUERY, path)

    pages = _pages(path)

    assert [len(page["records"]) for page in pages] == [2000, 2000, 500]
    assert [page["done"] for page in pages] == [False, False, True]
    assert pages[0]["nextRecordsUrl"].endswith("-2000")
    assert "nextRecordsUrl" not in pages[2]
    assert {page["totalSize"] for page in pages} == {4500}


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        *(("Lead", "00Q"), ("Contact", "003"), ("Account", "001"), ("Opportunity", "006"), ("Campaign", "701")),
        *(("Task", "00T"), ("Event", "00U"), ("User", "005")),
    ],
)
def test_salesforce_ids_name_their_object_and_end_in_a_checksum(company: Path, name: str, prefix: str) -> None:
    records = _records(company / "exports/salesforce" / HISTORY, f"{name}.jsonl", "records")
    ids = [record["Id"] for record in records if record["Id"] and "9990000001" not in record["Id"]]

    assert ids
    assert len(set(ids)) == len(ids)
    for found in ids:
        capitals = [sum(c.isupper() << n for n, c in enumerate(found[at : at + 5])) for at in (0, 5, 10)]
        assert found.startswith(prefix)
        assert found[15:] == "".join(CHECKSUM[bits] for bits in capitals)


def test_a_record_that_changes_is_delivered_again_in_its_new_state(company: Path) -> None:
    states: dict[str, list[tuple[str, str]]] = {}
    for day in [HISTORY, *NIGHTS]:
        for record in _records(company / "exports/salesforce" / day, "Lead.jsonl", "records"):
            if record["Id"] and record.get("Status"):
                states.setdefault(record["Id"], []).append((record["SystemModstamp"], record["Status"]))

    changed = [found for found in states.values() if len(found) > 1]

    assert changed
    assert all([time for time, _ in found] == sorted({time for time, _ in found}) for found in changed)
    assert any(found[0][1] != found[-1][1] for found in changed)


def test_contacts_that_are_merged_in_a_night_were_delivered_before(company: Path) -> None:
    history = {record["id"] for record in _records(company / "exports/hubspot" / HISTORY, "contacts.jsonl", "results")}
    losers = [
        (record["id"], record["properties"]["hs_merged_object_ids"], record["properties"]["hs_additional_emails"])
        for day in NIGHTS
        for record in _records(company / "exports/hubspot" / day, "contacts.jsonl", "results")
        if record["properties"].get("hs_merged_object_ids")
    ]

    assert losers
    assert any(loser in history for _, loser, _ in losers)
    assert all("@" in address for *_, address in losers)


def test_form_submissions_carry_their_values_and_the_campaign(company: Path) -> None:
    folder = company / "exports/hubspot" / HISTORY / "form_submissions"
    submissions = _records(folder, "*.jsonl", "results")
    names = {value["name"] for submission in submissions for value in submission["values"]}

    assert {"email", "lastname", "firstname", "company", "ga_client_id"} <= names
    assert any("utm_campaign=" in submission["pageUrl"] for submission in submissions)


def test_workflows_name_the_lists_of_their_contacts(company: Path) -> None:
    folder = company / "exports/hubspot" / HISTORY
    (workflow,) = _records(folder, "workflows.jsonl", "workflows")
    members = {
        state: {record["recordId"] for record in _records(folder, f"list_memberships/{number}.jsonl", "results")}
        for state, number in workflow["contactListIds"].items()
        if number is not None
    }

    assert members["completed"]
    assert members["succeeded"]
    assert members["completed"] | members["succeeded"] <= members["enrolled"]
    assert not members["completed"] & members["succeeded"]


def test_mails_have_senders_subjects_lists_and_variants(company: Path) -> None:
    mails = _records(company / "exports/hubspot" / HISTORY, "marketing_emails.jsonl", "results")

    assert len({mail["from"]["fromName"] for mail in mails}) == 3
    assert {trait for trait in "3？【" for mail in mails if trait in mail["subject"]} == {*"3？【"}
    assert {tuple(mail["to"]["contactLists"]["include"]) for mail in mails} == {("1",), ("3",), ()}
    assert {mail["name"][-3:] for mail in mails if mail["isAb"]} == {"[A]", "[B]"}


def test_calls_have_results_and_lists(company: Path) -> None:
    folder = company / "exports/salesforce" / HISTORY
    results = {
        task["CallDisposition"]
        for task in _records(folder, "Task.jsonl", "records")
        if task["Type"] == "Call" and task["Status"] == "Completed"
    }
    lists = {
        campaign["Id"]
        for campaign in _records(folder, "Campaign.jsonl", "records")
        if campaign["Type"] == "Telemarketing"
    }
    listed = {member["CampaignId"] for member in _records(folder, "CampaignMember.jsonl", "records")}

    assert results == {"Connected", "No answer", "Left message", "Meeting set"}
    assert len(lists) == 10
    assert lists & listed


def test_ga4_files_are_nested_and_late_hits_come_with_the_next_delivery(company: Path) -> None:
    folder = company / "exports/ga4"
    key = "(user_pseudo_id, event_timestamp, event_name, event_bundle_sequence_id, batch_event_index)"
    late = 0
    with duckdb.connect() as connection:

        def number(sql: str) -> int:
            return int(connection.execute(sql).fetchall()[0][0])

        for day, following in pairwise([HISTORY, *NIGHTS]):
            name = f"events_{day.replace('-', '')}.parquet"
            first = f"(select {key} from '{folder}/{day}/{name}' where event_name is not null)"
            again = f"(select {key} from '{folder}/{following}/{name}')"
            late += number(f"select count(*) from ({again} except {first})")
            assert number(f"select count(*) from ({first} except {again})") == 0
            assert number(f"select count(*) - count(distinct columns(*)) from {again}") == 0
        columns = connection.execute(f"describe from '{folder}/*/*.parquet'").fetchall()
        types = {name: kind for name, kind, *_ in columns}
        names = connection.execute(
            f"select distinct unnest(list_transform(event_params, lambda p: p.key)) from '{folder}/*/*.parquet'"
        ).fetchall()
    assert late > 0
    assert types["event_timestamp"] == "BIGINT"
    assert "web_info STRUCT(browser VARCHAR, hostname VARCHAR)" in types["device"]
    assert {
        *("ga_session_id", "page_location", "source", "percent_scrolled", "engagement_time_msec"),
        *("cta_id", "form_id", "file_name"),
    } <= {name for (name,) in names}


def test_google_ads_report_has_titles_commas_totals_and_restates(company: Path) -> None:
    def costs(day: str) -> dict[tuple[str, str], str]:
        lines = (company / "exports/google_ads" / day / "campaign_report.csv").read_text().splitlines()
        assert lines[0] == "Campaign report"
        assert lines[-1].startswith("Total")
        rows = list(csv.DictReader(lines[2:-1]))
        return {(row["Day"], row["Campaign ID"]): row["Cost"] for row in rows if row["Cost"]}

    first, second = costs(NIGHTS[0]), costs(NIGHTS[1])

    assert any("," in cost for cost in first.values())
    assert {day for day, _ in second} == {"2026-10-28", "2026-10-29", "2026-10-30"}
    assert all(first[key] != second[key] for key in first if key in second and key[0] == "2026-10-29")


def test_webinar_report_has_both_tables(company: Path) -> None:
    path = min((company / "exports/zoom_webinar" / HISTORY).glob("attendee_*.csv"))
    lines = path.read_text("utf-8-sig").splitlines()

    assert lines[0] == "Attendee Report"
    assert lines[1].startswith('Report Generated:,"')
    assert lines[3].split(",")[1] == path.stem.removeprefix("attendee_")
    assert lines[4] == "Attendee Details,"
    assert {line.split(",")[0] for line in lines[6:]} == {"Yes", "No"}


def test_japanese_tools_write_cp932(company: Path) -> None:
    cards = (company / f"exports/business_cards/{HISTORY}/meishi_20261028.csv").read_bytes()
    expenses = (company / f"exports/expenses/{HISTORY}/keihi_20261028.csv").read_bytes()

    assert cards.split(b"\r\n")[0].decode("cp932").startswith("名刺ID,会社名")
    assert expenses.decode("cp932").startswith("計上日,金額,費目,チャネル,キャンペーン")
    text = cards.decode("cp932", errors="replace")
    assert "㈱" in text
    assert "＠" in text


def test_deliveries_are_dated_by_their_business_day(company: Path) -> None:
    days = sorted(path.name for path in (company / "exports/salesforce").iterdir())

    assert days == [HISTORY, *NIGHTS]
    assert date.fromisoformat(days[-1]) == date(2026, 10, 31)
