"""A person goes out of files of every format, and nothing else changes: neither in the file nor in raw."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from identity.belongings import Belongings
from ingestion import landing
from ingestion.erasure import search
from leadmill import erasure
from tests.ingestion.deliveries import HUBSPOT, Company, contact, mapped, page

AT = datetime(2026, 11, 2, tzinfo=UTC)
GONE = "Taro.Yamada@acme.co.jp"
COLUMNS = {"lead_id": "番号", "created_at": "受付日", "email": "メール"}


def erase(company: Company, *addresses: str) -> erasure.Erasure:
    return erasure.erase(
        company.home, addresses or (GONE,), AT, dry_run=False, address_only=True, progress=lambda _: None
    )


def copies(company: Company) -> list[Path]:
    return [folder / file.name for folder, manifest in landing.manifests(company.home) for file in manifest.files]


def ledger(company: Company) -> list[tuple[Any, ...]]:
    return company.query(
        "select sum(rows_in), sum(rows_loaded), sum(rows_quarantined), sum(rows_erased) from ops.files"
    )


@pytest.mark.parametrize(
    ("encoding", "newline", "suffix"),
    [
        ("utf-8", "\n", ""),
        ("utf-8-sig", "\r\n", ""),
        ("cp932", "\r\n", ""),
        ("cp932", "\n", ".gz"),
        ("utf-16", "\n", ""),
    ],
)
def test_csv_keeps_its_encoding_and_line_ends(company: Company, encoding: str, newline: str, suffix: str) -> None:
    rows = ["番号,受付日,メール,備考", f"1,2026-10-01,{GONE.upper()},㈱", "2,2026-10-02,b@acme.co.jp,株"]
    text = newline.join([*rows, ""])
    packed = gzip.compress(text.encode(encoding)) if suffix else text.encode(encoding)
    company.deliver({f"cards/a.csv{suffix}": packed})
    company.run(company.sources(mapped(f"cards/*.csv{suffix}", COLUMNS, encoding=encoding)))
    before = company.raw("files__lead")

    erase(company)

    content = copies(company)[0].read_bytes()
    content = gzip.decompress(content) if suffix else content
    assert content.decode(encoding) == newline.join([rows[0], "", rows[2], ""])
    assert company.raw("files__lead") == before[1:]
    assert ledger(company) == [(2, 1, 0, 1)]


def test_csv_record_over_several_lines(company: Company) -> None:
    kept = '3,2026-10-03,c@acme.co.jp,"one\ntwo"\n'
    company.deliver(
        {"cards/a.csv": f'番号,受付日,メール,備考\n1,2026-10-01,a@x.jp,"p\nq"\n2,2026-10-02,{GONE},"r\ns"\n{kept}'}
    )
    company.run(company.sources(mapped("cards/*.csv", COLUMNS)))
    before = company.raw("files__lead")

    erase(company)

    assert copies(company)[0].read_text().endswith(f'"p\nq"\n\n\n{kept}')
    assert [row[:-3] for row in company.raw("files__lead")] == [before[0][:-3], before[2][:-3]]


def test_pages_keep_what_is_beside_the_record(company: Company) -> None:
    pages = [
        page(contact("1", email="a@acme.co.jp", score=1.10), contact("2", email=GONE), contact("3", email="c@x.jp")),
        page(contact("4", hs_additional_emails=f"z@x.jp;{GONE}")),
        "no page\n",
    ]
    company.deliver({"hubspot/contacts.jsonl": "".join(pages)})
    company.run(company.sources(HUBSPOT))
    other = company.query("select * exclude (_row_number) from raw.hubspot__contacts where id in ('1', '3')")

    erase(company)

    first, second, third = copies(company)[0].read_text().splitlines(keepends=True)
    assert first == page(contact("1", email="a@acme.co.jp", score=1.10), contact("3", email="c@x.jp"))
    assert second == page()
    assert third == pages[2]
    assert company.query("select * exclude (_row_number) from raw.hubspot__contacts") == other
    assert ledger(company) == [(5, 2, 1, 2)]


def test_records_that_refer_to_a_record_of_the_person_go_too(company: Company) -> None:
    company.deliver(
        {
            "hubspot/contacts.jsonl": page(contact("20000000151", email=GONE), contact("20000000152", email="b@x.jp")),
            "hubspot/list_memberships/7.jsonl": page({"recordId": "20000000151"}, {"recordId": "20000000152"}),
            "crm/Opportunity.jsonl": page(deal("006A", "003A"), deal("006B", "003B"), key="records"),
            "crm/Contact.jsonl": page(person("003A", GONE), person("003B", "b@x.jp"), key="records"),
        }
    )
    company.run(company.sources(HUBSPOT, {"name": "crm", "system": "salesforce", "path": "crm"}))

    erase(company)

    assert company.raw("hubspot__list_memberships", '"recordId"') == [("20000000152",)]
    # A deal is the company's: it stays, and forgets whom it was made with.
    assert company.raw("salesforce__opportunities", '"Id", "ContactId", "Amount"') == [
        ("006A", None, 10),
        ("006B", "003B", 10),
    ]
    assert "003A" not in "".join(path.read_text() for path in copies(company))


def test_record_of_another_type_with_the_same_id_stays(company: Company) -> None:
    company.deliver(
        {
            "leads.csv": f"番号,受付日,メール\n1,2026-10-01,{GONE}\n",
            "people.csv": "no,mail\n1,b@x.jp\n",
            "calls.csv": "type,at,lead,person\ncall,2026-10-01,1,\ncall,2026-10-02,,1\n",
        }
    )
    columns = {"activity_type": "type", "occurred_at": "at", "lead_id": "lead", "person_ref": "person"}
    source = mapped("leads.csv", COLUMNS)
    source["streams"] += mapped("people.csv", {"person_ref": "no", "email": "mail"}, entity="person")["streams"]
    source["streams"] += mapped("calls.csv", columns, entity="activity")["streams"]
    company.run(company.sources(source))

    erase(company)

    assert company.raw("files__lead") == []
    assert company.raw("files__person", "person_ref") == [("1",)]
    assert company.raw("files__activity", "person_ref, lead_id") == [("1", None)]


def test_address_that_others_have_too_stays(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.deliver({"hubspot/contacts.jsonl": page(contact("1", email="office@x.jp"), contact("2", email=GONE))})
    company.run(company.sources(HUBSPOT))
    owned = Belongings({GONE}, {("hubspot", "subscriber", "office@x.jp"), ("hubspot", "contact", "2")})
    monkeypatch.setattr(erasure, "belongings", lambda *_: owned)

    erase(company)

    assert company.raw("hubspot__contacts", "id") == [("1",)]


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_deal_in_a_table_forgets_its_lead(company: Company, file_format: str) -> None:
    deals = pa.table({"deal": ["d1", "d2"], "lead": ["L-000000001", "L-000000002"], "memo": ["a\nb", "c"]})
    company.deliver({"cards/a.csv": f"番号,受付日,メール\nL-000000001,2026-10-01,{GONE}\n", "deals/a": b""})
    write = pq.write_table if file_format == "parquet" else csv.write_csv
    write(deals, company.folder / "deals" / f"a.{file_format}")
    columns = {"opportunity_id": "deal", "lead_id": "lead"}
    source = mapped(
        f"deals/*.{file_format}", columns, entity="opportunity", constants={"stage": "won"}, format=file_format
    )
    source["streams"] += mapped("cards/*.csv", COLUMNS)["streams"]
    company.run(company.sources(source))

    erase(company)

    assert company.raw("files__opportunity", "opportunity_id, lead_id, _extra->>'memo'") == [
        ("d1", None, "a\nb"), ("d2", "L-000000002", "c")
    ]  # fmt: skip


def test_text_that_mentions_the_person_forgets_them_in_json(company: Company) -> None:
    task = {"Id": "00T1", "WhoId": "003B", "Subject": f"Mail: to {GONE}, x{GONE}", "Note": "\nTARO.yamada@acme.co.jp"}
    times = {"CreatedDate": "2026-01-31T03:04:05.000+0000", "SystemModstamp": "2026-01-31T03:04:05.000+0000"}
    company.deliver({"crm/Task.jsonl": page(task | times, key="records")})
    company.run(company.sources({"name": "crm", "system": "salesforce", "path": "crm"}))

    erase(company)

    assert company.raw("salesforce__tasks", """"Subject", _extra->>'Note' """) == [
        (f"Mail: to [erased], x{GONE}", "\n[erased]")
    ]


def test_address_that_json_and_urls_write_otherwise(company: Company) -> None:
    line = '{"event_name": "view", "occurred_at": "2026-10-01T00:00:00Z", "url": "/?a=%s", "note": "%s"}\n'
    encoded, escaped = GONE.replace("@", "%40"), GONE.replace("@", "\\u0040")
    company.deliver({"web/a.jsonl": line % (encoded, escaped) + line % ("b%40x.jp", "")})
    columns = {name: name for name in ("event_name", "occurred_at", "url")}
    company.run(company.sources(mapped("web/*.jsonl", columns, entity="event", format="jsonl")))

    erase(company)

    assert copies(company)[0].read_text() == line % ("[erased]", "[erased]") + line % ("b%40x.jp", "")
    assert company.raw("files__event", "url") == [("/?a=[erased]",), ("/?a=b%40x.jp",)]


@pytest.mark.parametrize(
    ("address", "escaped"),
    [
        ("taro+x@acme.co.jp", r"taro\u002Bx@acme.co.jp"),  # as .NET writes JSON
        ("taro@x.jp", json.dumps("ｔａｒｏ＠ｘ．ｊｐ")[1:-1]),
    ],
)
def test_address_that_json_escapes_without_need(company: Company, address: str, escaped: str) -> None:
    line = '{"event_name": "view", "occurred_at": "2026-10-01T00:00:00Z", "note": "to %s."}\n'
    company.deliver({"web/a.jsonl": line % escaped})
    columns = {name: name for name in ("event_name", "occurred_at")}
    company.run(company.sources(mapped("web/*.jsonl", columns, entity="event", format="jsonl")))

    erase(company, address)

    assert copies(company)[0].read_text() == line % "[erased]"


def test_key_that_is_the_address(company: Company) -> None:
    company.deliver({"hubspot/contacts.jsonl": page(contact("1") | {GONE: 1, "other": 2})})
    company.run(company.sources(HUBSPOT))

    erase(company)

    assert company.query("select column_name from ops.unknown_columns") == [("other",)]


def test_parquet_keeps_its_schema(company: Company) -> None:
    schema = pa.schema(
        [("lead_id", pa.int32()), ("at", pa.timestamp("ms")), ("mail", pa.dictionary(pa.int8(), pa.string()))]
    )
    table = pa.table([[1, 2, 3], [AT.replace(tzinfo=None)] * 3, ["a@x.jp", GONE, None]], schema=schema)
    company.deliver({"cards/a.parquet": b""})
    pq.write_table(table, company.folder / "cards" / "a.parquet")
    columns = {"lead_id": "lead_id", "created_at": "at", "email": "mail"}
    company.run(company.sources(mapped("cards/*.parquet", columns, format="parquet")))

    erase(company)

    left = pq.read_table(copies(company)[0])
    assert left.schema == schema
    assert left.to_pylist() == table.take([0, 2]).to_pylist()
    assert company.raw("files__lead", "lead_id, email") == [("1", "a@x.jp"), ("3", None)]


def test_copy_that_only_the_persons_row_needed_goes_too(company: Company) -> None:
    text = f"番号,受付日,メール\n1,2026-10-01,{GONE}?\n2,2026-10-02,b@x.jp\n"
    company.deliver({"cards/a.csv": text.encode().replace(b"?", b"\xff")})
    sources = company.sources(mapped("cards/*.csv", COLUMNS))
    company.run(sources)

    erase(company)

    assert len(copies(company)) == len([path for path in company.landed() if path.endswith(".txt")]) == 1
    # The same when such a file is delivered afterwards: it is cut while it lands.
    company.deliver({"cards/b.csv": text.encode().replace(b"?", b"\xff")})
    company.run(sources, AT)
    assert len(copies(company)) == len([path for path in company.landed() if path.endswith(".txt")]) == 2
    assert search.search(company.home, {GONE}).found == {}


def test_quarantined_rows_go_too(company: Company) -> None:
    company.deliver({"cards/a.csv": f"番号,受付日,メール\n1,soon,{GONE}\n2,soon,b@x.jp\n"})
    company.run(company.sources(mapped("cards/*.csv", COLUMNS)))

    erase(company)

    assert company.query("select row_number, row_text from ops.quarantine") == [(2, "2,soon,b@x.jp")]
    assert ledger(company) == [(2, 0, 1, 1)]


def test_report_of_two_tables_loses_the_person_in_both_copies(company: Company) -> None:
    report = "\n".join(
        [
            'Attendee Report', 'Report Generated:,"Oct 31, 2026 09:00"', "Topic,Webinar ID,Actual Start Time",
            'Talk,81,"Oct 20, 2026 14:00:00"', "Attendee Details,", "Attended,First Name,Email",
            f"Yes,Taro,{GONE}", "Yes,Jiro,jiro@x.jp", "",
        ]
    )  # fmt: skip
    company.deliver({"zoom/attendee_81.csv": report})
    company.run(company.sources({"name": "zoom", "system": "zoom_webinar", "path": "zoom"}))

    erase(company)

    assert [path.read_text() for path in copies(company)] == [report.replace(f"Yes,Taro,{GONE}", "")] * 2
    assert company.raw("zoom_webinar__attendees", '"First Name"') == [("Jiro",)]


def deal(record_id: str, contact_id: str) -> dict[str, Any]:
    return dated({"Id": record_id, "ContactId": contact_id, "StageName": "Won", "Amount": 10.0})


def person(record_id: str, email: str) -> dict[str, Any]:
    return dated({"Id": record_id, "Email": email})


def dated(record: dict[str, Any]) -> dict[str, Any]:
    return record | {"CreatedDate": "2026-01-31T03:04:05.000+0000", "SystemModstamp": "2026-01-31T03:04:05.000+0000"}
