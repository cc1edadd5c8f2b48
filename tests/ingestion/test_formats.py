"""Every format, compression and encoding that a tool exports arrives typed, in UTC, with its origin."""

import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import duckdb
import pyarrow as pa
import pytest

from tests.ingestion.deliveries import CARDS, HUBSPOT, Company, contact, mapped, page, utc


def test_api_pages_become_typed_rows_with_their_origin(company: Company) -> None:
    company.deliver(
        {
            "hubspot/2026-10-25/contacts.jsonl": page(contact("1", email="a@example.com", numemployees="12"))
            + page()
            + "\n"
            + page(contact("2", hs_email_optout="true", numemployees=""), contact("3", zodiac="cat", lastname="田中"))
        }
    )

    result = company.run(company.sources(HUBSPOT))

    assert (result.files, result.rows_loaded, result.rows_quarantined) == (1, 3, 0)
    assert company.raw("hubspot__contacts", "id, email, numemployees, hs_email_optout, lastname, createdAt") == [
        ("1", "a@example.com", 12, None, None, utc(2026, 1, 31, 3, 4, 5, 123000)),
        ("2", None, None, True, None, utc(2026, 1, 31, 3, 4, 5, 123000)),
        ("3", None, None, None, "田中", utc(2026, 1, 31, 3, 4, 5, 123000)),
    ]
    assert company.raw("hubspot__contacts", "_source, _stream, _file, _row_number, _delivered_at, _extra") == [
        ("hubspot", "contacts", "2026-10-25/contacts.jsonl", 1, utc(2026, 10, 25, 15), None),
        ("hubspot", "contacts", "2026-10-25/contacts.jsonl", 2, utc(2026, 10, 25, 15), None),
        (
            "hubspot",
            "contacts",
            "2026-10-25/contacts.jsonl",
            3,
            utc(2026, 10, 25, 15),
            '{"properties":{"zodiac":"cat"}}',
        ),
    ]


def test_nested_records_epoch_times_and_ids_in_the_path(company: Company) -> None:
    values = [{"name": "email", "value": "a@example.com", "objectTypeId": "0-1"}]
    record = {"submittedAt": 1700000000000, "values": values, "pageUrl": "https://example.com"}
    company.deliver({"hubspot/2026-10-25/form_submissions/form-7.jsonl": page(record)})

    company.run(company.sources(HUBSPOT))

    assert company.raw("hubspot__form_submissions", 'formGuid, submittedAt, "values"') == [
        ("form-7", utc(2023, 11, 14, 22, 13, 20), [{"name": "email", "value": "a@example.com"}])
    ]
    assert json.loads(company.raw("hubspot__form_submissions", "_extra")[0][0]) == {"values": values}


def test_offsets_are_followed_and_dates_stay(company: Company) -> None:
    stamps = {"CreatedDate": "2026-01-31T09:00:00.000+0900", "SystemModstamp": "2026-01-31T00:00:00.000+0000"}
    lead = {"attributes": {"type": "Lead"}, "Id": "00Q1", "ConvertedDate": "2026-02-01", "Rating": "Hot"} | stamps
    company.deliver({"crm/2026-10-25/Lead.jsonl.gz": gzip.compress(page(lead, key="records").encode())})

    company.run(company.sources({"name": "crm", "system": "salesforce", "path": "crm"}))

    assert company.raw("salesforce__leads", "CreatedDate, SystemModstamp, ConvertedDate, attributes, _extra") == [
        (utc(2026, 1, 31), utc(2026, 1, 31), date(2026, 2, 1), '{"type":"Lead"}', '{"Rating":"Hot"}')
    ]


def test_ga4_parquet_and_json_lines_give_the_same_rows(company: Company) -> None:
    parameter = {"key": "ga_session_id", "value": {"string_value": None, "int_value": 5}}
    event = {"event_date": "20261024", "event_timestamp": 1700000000000000, "event_name": "page_view",
             "event_params": [parameter], "device": {"category": "mobile", "brand": "x", "web_info": {"browser": "b"}},
             "privacy_info": {"ads": "yes"}}  # fmt: skip
    text = json.dumps(event).replace("1700000000000000", '"1700000000000000"')  # as BigQuery writes INT64
    company.deliver({"ga4/2026-10-25/events_20261024.jsonl": text})
    with duckdb.connect() as connection:
        events = connection.from_arrow(pa.Table.from_pylist([event]))
        events.write_parquet(str(company.folder / "ga4/2026-10-25/events_20261025.parquet"))

    company.run(company.sources({"name": "ga4", "system": "ga4", "path": "ga4"}))

    columns = "event_timestamp, event_params[1].key, event_params[1].value.int_value, device.category, device.web_info"
    first, second = company.raw("ga4__events", columns)
    assert first == second == (1700000000000000, "ga_session_id", 5, "mobile", {"browser": "b", "hostname": None})
    extras = [json.loads(extra) for (extra,) in company.raw("ga4__events", "_extra")]
    assert all(extra["device"]["brand"] == "x" and extra["privacy_info"] == {"ads": "yes"} for extra in extras)
    unknown = company.query("select column_name, rows from ops.unknown_columns order by 1")
    assert unknown == [("device.brand", 2), ("privacy_info", 2)]


def test_keys_that_strangers_make_up_are_reported_up_to_a_thousand(company: Company) -> None:
    def line(**extra: int) -> str:
        event = {"event_id": str(uuid4()), "event_name": "x", "occurred_at": "2026-10-24T00:00:00Z"}
        return json.dumps(event | {"received_at": "2026-10-24T00:00:00Z"} | extra) + "\n"

    web = company.sources({"name": "web", "system": "collector", "path": "web"})
    company.deliver({"web/2026-10-25/events/1.jsonl": line(theme=1) + line(**{"k" * 201: 1})})
    company.run(web)
    made_up = [line(**{f"made up {number}": 1}) for number in range(1100)]
    company.deliver({"web/2026-10-25/events/2.jsonl": "".join(made_up) + line(theme=1)})

    company.run(web)

    reported = dict(company.query("select column_name, rows from ops.unknown_columns"))
    assert (len(reported), reported["theme"]) == (1000, 2)
    kept = company.query("select count(distinct json_keys(_extra)[1]) from raw.collector__events")
    assert kept == [(1102,)]


def test_ad_report_has_title_lines_totals_and_thousands(company: Company) -> None:
    report = (
        'Campaign report\n"January 1, 2026 - x"\n'
        "Day,Campaign,Campaign ID,Campaign type,Currency code,Impr.,Clicks,Cost,Conversions\n"
        '2026-10-24,b2b_search,1,Search,JPY,"12,345",10,"1,234.50",2\n'
        "Total: Campaigns,,,,,1,1,1,\nTotal: Account,,,,,1,1,1,\n"
    )
    company.deliver({"ads/2026-10-25/campaign_report.csv": report})

    company.run(company.sources({"name": "ads", "system": "google_ads", "path": "ads"}))

    assert company.raw("google_ads__campaign_cost", 'Day, "Impr.", Cost, _extra, _row_number') == [
        (date(2026, 10, 24), 12345, Decimal("1234.50"), '{"Conversions":"2"}', 1)
    ]
    assert company.query("select rows_in, furniture_lines from ops.files") == [(1, 2)]


def test_two_tables_in_one_webinar_report(company: Company) -> None:
    report = (
        '\ufeffAttendee Report\nReport Generated:,"Oct 31, 2026 09:00"\n'
        "Topic,Webinar ID,Actual Start Time,Actual Duration (minutes),# Registered,Unique Viewers\n"
        'DX,123,"Oct 20, 2026 14:00:00",60,5,4\n'
        "Attendee Details,\nAttended,Email,Join Time\n"
        'Yes,a@example.com,"Oct 20, 2026 14:03:22"\nNo,b@example.com,\n'
    )
    company.deliver({"zoom/2026-10-25/attendee_123.csv": report})

    company.run(company.sources({"name": "zoom", "system": "zoom_webinar", "path": "zoom"}))

    assert company.raw("zoom_webinar__webinars", 'Topic, "Actual Start Time"') == [("DX", utc(2026, 10, 20, 5))]
    assert company.raw("zoom_webinar__attendees", 'webinar_id, Email, "Join Time"') == [
        ("123", "a@example.com", utc(2026, 10, 20, 5, 3, 22)),
        ("123", "b@example.com", None),
    ]


@pytest.mark.parametrize(
    ("encoding", "suffix"),
    [("cp932", ""), ("utf-8", ""), ("utf-8-sig", ""), ("utf-16", ""), ("euc_jp", ".gz"), ("utf-8", ".zst")],
)
def test_encodings_line_ends_and_quoted_newlines(company: Company, encoding: str, suffix: str) -> None:
    text = '名刺ID,交換日,備考\r\n1,2026/01/31,"二行\r\nの""備考"", 他"\r\n\r\n2,2026/2/1 12:30,㈱山\r\n'
    content = text.replace("㈱", "(株)").encode(encoding)
    if suffix == ".gz":
        content = gzip.compress(content)
    elif suffix == ".zst":
        content = pa.compress(content, codec="zstd", asbytes=True)
    company.deliver({f"cards/名刺.csv{suffix}": content})
    source = mapped(f"cards/*.csv{suffix}", {"lead_id": "名刺ID", "created_at": "交換日"}, encoding=encoding)

    company.run(company.sources(source))

    assert company.raw("files__lead", "lead_id, created_at, _file") == [
        ("1", utc(2026, 1, 30, 15), f"cards/名刺.csv{suffix}"),
        ("2", utc(2026, 2, 1, 3, 30), f"cards/名刺.csv{suffix}"),
    ]
    extras = [json.loads(extra) for (extra,) in company.raw("files__lead", "_extra")]
    assert extras == [{"備考": '二行\nの"備考", 他'}, {"備考": "(株)山"}]


def test_one_column_feeds_two_fields_and_constants_fill_others(company: Company) -> None:
    company.deliver({"cards/a.csv": "id,day,mail\n1,2026-01-31,a@example.com\n"})
    columns = {"lead_id": "id", "created_at": "day", "mql_at": "day"}
    source = mapped("cards/*.csv", columns, timezone="America/Sao_Paulo", constants={"channel": "event"})

    company.run(company.sources(source))

    midnight = utc(2026, 1, 31, 3)
    assert company.raw("files__lead", "lead_id, created_at, mql_at, channel, _extra") == [
        ("1", midnight, midnight, "event", '{"mail":"a@example.com"}')
    ]


def test_day_first_dates_by_their_format(company: Company) -> None:
    company.deliver({"deals/a.csv": "id,stage,opened,closed\n1,won,3/1/2017,2017-03-02T00:00:00Z\n"})
    columns = {"opportunity_id": "id", "stage": "stage", "created_at": "opened", "closed_at": "closed"}
    source = mapped("deals/*.csv", columns, entity="opportunity", date_format="%m/%d/%Y", timezone="UTC")

    company.run(company.sources(source))

    assert company.raw("files__opportunity", "created_at, closed_at") == [(utc(2017, 3, 1), utc(2017, 3, 2))]


def test_mapped_parquet_and_json_lines(company: Company) -> None:
    table = pa.table({"id": [1, 2], "at": [utc(2026, 1, 31), None], "size": ["1,2", ""]})
    company.folder.joinpath("a").mkdir()
    with duckdb.connect() as connection:
        connection.from_arrow(table).write_parquet(str(company.folder / "a/leads.parquet"))
    company.deliver(
        {"a/leads.jsonl": '{"id": 3, "who": {"mail": "c@example.com"}, "at": "2026-01-31T00:00:00+09:00"}\n'}
    )
    parquet = mapped("a/*.parquet", {"lead_id": "id", "created_at": "at"}, format="parquet") | {"name": "first"}
    lines = mapped("a/*.jsonl", {"lead_id": "id", "created_at": "at", "email": "who.mail"}, format="jsonl")

    result = company.run(company.sources(parquet, lines))

    assert (result.rows_loaded, result.rows_quarantined) == (2, 1)
    assert sorted(company.raw("files__lead", "_source, lead_id, created_at, email")) == [
        ("first", "1", utc(2026, 1, 30, 15), None),
        ("own", "3", utc(2026, 1, 30, 15), "c@example.com"),
    ]


def test_streams_without_files_have_empty_typed_tables(company: Company) -> None:
    company.deliver({"cards/a.csv": "id,day,mail\n1,2026-01-31,a@example.com\n"})

    company.run(company.sources(CARDS))

    tables = company.query("select count(distinct table_name) from duckdb_columns() where schema_name = 'raw'")
    assert tables[0][0] > 25
    assert company.raw("salesforce__tasks") == []


def test_a_column_new_in_the_contract_is_added(company: Company) -> None:
    company.deliver({"cards/a.csv": "id,day,mail\n1,2026-01-31,a@example.com\n"})
    company.run(company.sources(CARDS))
    with duckdb.connect(str(company.home.warehouse)) as connection:
        connection.execute("alter table raw.files__lead drop column phone")

    company.run(company.sources(CARDS))

    assert company.raw("files__lead", "lead_id, phone") == [("1", None)]


def test_loaded_at_is_the_clock_and_nothing_else_is(company: Company) -> None:
    company.deliver({"cards/2026-10-25/a.csv": "id,day,mail\n1,2026-01-31,a@example.com\n"})
    before = datetime.now(UTC).replace(tzinfo=None)

    company.run(company.sources(CARDS))

    assert company.raw("files__lead", "_delivered_at") == [(utc(2026, 10, 25, 15),)]
    assert before <= company.raw("files__lead", "_loaded_at")[0][0] <= datetime.now(UTC).replace(tzinfo=None)
