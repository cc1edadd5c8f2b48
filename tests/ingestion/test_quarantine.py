"""A broken row of every kind is set aside with its text and reason, and costs no other row."""

import json

import pytest

import ingestion
from tests.ingestion.deliveries import CARDS, HUBSPOT, Company, contact, page

HEADER = "id,day,mail\n"
GOOD = "1,2026-01-31,a@example.com\n"

CSV_ROWS = {
    "text in a date": ("2,soon,b@example.com", "column created_at: expected TIMESTAMP", "created_at"),
    "a day that is not": ("2,2026-02-30,b@example.com", "column created_at: expected TIMESTAMP", "created_at"),
    "a year of two digits": ("2,10/12/16,b@example.com", "column created_at: expected TIMESTAMP", "created_at"),
    "no required value": (",2026-01-31,b@example.com", "column lead_id: required value is missing", "lead_id"),
    "too few columns": ("2,2026-01-31", "expected 3 columns, found 2", None),
    "too many columns": ("2,2026-01-31,b,c", "expected 3 columns, found 4", None),
    "a quote that ends too soon": ('2,"2026"-01-31,b', "quotes that do not match", None),
    "a quote without its partner": ('2,2026-01-31,"b', "quotes that do not match", None),
    "bytes of another encoding": (b"2,2026-01-31,\x93c", "bytes that are not utf-8", None),
}


@pytest.mark.parametrize("kind", CSV_ROWS)
def test_broken_csv_row(company: Company, kind: str) -> None:
    row, reason, column = CSV_ROWS[kind]
    row = row.encode() if isinstance(row, str) else row
    company.deliver({"cards/a.csv": HEADER.encode() + GOOD.encode() + row + b"\n"})

    result = company.run(company.sources(CARDS))

    assert (result.rows_loaded, result.rows_quarantined) == (1, 1)
    found = ingestion.quarantine(company.home)[0]
    assert (found["source"], found["stream"], found["file"], found["row_number"]) == ("own", "lead", "cards/a.csv", 2)
    assert (found["reason"], found["column_name"]) == (reason, column)
    assert found["row_text"] == row.replace(b"\x93", b"<93>").decode()
    assert company.query("select rows_in, rows_loaded, rows_quarantined from ops.files") == [(2, 1, 1)]


API_LINES = {
    "a cut line": ('{"results": [{"id": "2", "createdAt": "20\n', 1, "not a whole response page with a list 'results'"),
    "an error of the API": ('{"status": "error"}\n', 1, "not a whole response page with a list 'results'"),
    "text that is no JSON": ("<html>504</html>\n", 1, "not a whole response page with a list 'results'"),
    "text in a date": (page(contact("2") | {"createdAt": "soon"}), 1, "column createdAt: expected TIMESTAMP"),
    "text in a number": (page(contact("2", numemployees="many")), 1, "column numemployees: expected BIGINT"),
    "half a person": (page(contact("2", numemployees="12.5")), 1, "column numemployees: expected BIGINT"),
    "a truth that is none": (
        page(contact("2", hs_email_optout="perhaps")),
        1,
        "column hs_email_optout: expected BOOLEAN",
    ),
    "no id": (page({"properties": {}}), 1, "column id: required value is missing"),
    "no record": (page(7, [1]), 2, "column id: required value is missing"),
}


@pytest.mark.parametrize("kind", API_LINES)
def test_broken_api_record(company: Company, kind: str) -> None:
    line, rows, reason = API_LINES[kind]
    company.deliver({"hubspot/contacts.jsonl": page(contact("1")) + line + page(contact("3"))})

    result = company.run(company.sources(HUBSPOT))

    assert (result.rows_loaded, result.rows_quarantined) == (2, rows)
    assert [found["reason"] for found in ingestion.quarantine(company.home)] == [reason] * rows
    assert company.raw("hubspot__contacts", "id, _row_number") == [("1", 1), ("3", 2 + rows)]


def test_one_broken_byte_costs_one_record_of_a_page(company: Company) -> None:
    text = page(contact("1", lastname="田中"), contact("2", lastname="高橋"), contact("3")).encode()
    company.deliver({"hubspot/contacts.jsonl": text.replace("高".encode(), b"\xe9\xab")})

    company.run(company.sources(HUBSPOT))

    assert [row for (row,) in company.raw("hubspot__contacts", "id")] == ["1", "3"]
    found = ingestion.quarantine(company.home)[0]
    assert (found["row_number"], found["reason"]) == (2, "bytes that are not utf-8")
    assert json.loads(found["row_text"])["properties"]["lastname"] == "<e9><ab>橋"


def test_wrong_shape_of_a_nested_value(company: Company) -> None:
    event = {"id": "e1", "created": 1700000000000, "type": "OPEN", "recipient": "a@example.com", "emailCampaignId": 1}
    wrong = event | {"id": "e2", "subscriptions": [{"id": "x", "status": "UNSUBSCRIBED"}]}
    late = event | {"id": "e3", "created": "99999999999999999"}
    company.deliver({"hubspot/email_events.jsonl": page(event, wrong, late, key="events")})

    company.run(company.sources(HUBSPOT))

    assert company.raw("hubspot__email_events", "id") == [("e1",)]
    assert [found["column_name"] for found in ingestion.quarantine(company.home)] == ["subscriptions", "created"]


def test_broken_json_in_a_field_of_a_csv_file(company: Company) -> None:
    header = "marketoGUID,leadId,activityDate,activityTypeId,campaignId,attributes\n"
    rows = '1,7,2026-10-01T00:00:00Z,1,null,"{""Link"": ""x""}"\n2,7,2026-10-01T00:00:00Z,1,null,"{""Link"": "\n'
    company.deliver({"marketo/activities.csv": header + rows})

    company.run(company.sources({"name": "marketo", "system": "marketo", "path": "marketo"}))

    assert company.raw("marketo__activities", "marketoGUID, campaignId, attributes") == [("1", None, '{"Link": "x"}')]
    assert [found["reason"] for found in ingestion.quarantine(company.home)] == ["column attributes: expected JSON"]


def test_quarantine_is_empty_before_the_first_run(company: Company) -> None:
    assert ingestion.quarantine(company.home) == []
