"""Sources whose columns change: nothing stops, nothing is lost, and the change is told once."""

import json
from datetime import datetime
from typing import Any

import ingestion
from tests.ingestion.deliveries import Company

SALESFORCE = {"name": "crm", "system": "salesforce", "path": "crm"}


def lead(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "Id": f"00Q{number}",
        "CreatedDate": "2026-10-01T00:00:00.000+0000",
        "SystemModstamp": "2026-10-01T00:00:00.000+0000",
        "Phone": "03-1234-5678",
        "Email": f"a{number}@example.co.jp",
        "MQL_At__c": "2026-10-02T00:00:00.000+0000",
    } | fields


def deliver(company: Company, day: int, leads: list[dict[str, Any]]) -> None:
    company.deliver({f"crm/2026-10-{day}/Lead.jsonl": json.dumps({"records": leads}) + "\n"})


def changes(company: Company) -> list[tuple[str, str]]:
    return [(found["column_name"], found["change"]) for found in ingestion.schema_changes(company.home)]


def without(record: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != name}


def test_a_removed_column_is_told_once_and_its_rows_load(company: Company) -> None:
    deliver(company, 25, [lead(n) for n in range(30)])
    deliver(company, 26, [without(lead(n), "Phone") for n in range(30)])
    deliver(company, 27, [without(lead(n), "Phone") for n in range(30)])

    loaded = company.run(company.sources(SALESFORCE))

    assert (loaded.rows_loaded, loaded.rows_quarantined) == (90, 0)
    [change] = ingestion.schema_changes(company.home)
    assert (change["column_name"], change["change"], change["file"]) == ("Phone", "removed", "2026-10-26/Lead.jsonl")


def test_a_column_that_came_with_the_same_file_is_proposed_as_the_new_name(company: Company) -> None:
    deliver(company, 25, [lead(n) for n in range(30)])
    deliver(company, 26, [without(lead(n, Phone__c="03-1234-5678"), "Phone") for n in range(30)])

    company.run(company.sources(SALESFORCE))

    [change] = ingestion.schema_changes(company.home)
    assert (change["column_name"], change["change"]) == ("Phone", "renamed")
    assert "'Phone__c'" in change["detail"]


def test_a_retyped_column_is_kept_with_the_unknown_ones_until_it_fits_again(company: Company) -> None:
    deliver(company, 25, [lead(n) for n in range(30)])
    deliver(company, 26, [lead(n, MQL_At__c={"value": n}) for n in range(30)])
    deliver(company, 27, [lead(n) for n in range(30)])

    loaded = company.run(company.sources(SALESFORCE))

    assert (loaded.rows_loaded, loaded.rows_quarantined) == (90, 0)
    assert changes(company) == [("MQL_At__c", "retyped")]
    assert company.query(
        "select count(MQL_At__c), count(_extra ->> '$.MQL_At__c.value')"
        " from raw.salesforce__leads group by _file order by _file"
    ) == [(30, 0), (0, 30), (30, 0)]


def test_two_columns_retyped_in_one_file_leave_the_other_files_of_the_load_alone(company: Company) -> None:
    deliver(company, 25, [lead(n) for n in range(30)])
    deliver(company, 26, [lead(n, MQL_At__c="soon", IsDeleted="perhaps") for n in range(30)])

    loaded = company.run(company.sources(SALESFORCE))

    assert (loaded.rows_loaded, loaded.rows_quarantined) == (60, 0)
    assert sorted(changes(company)) == [("IsDeleted", "retyped"), ("MQL_At__c", "retyped")]
    assert company.query("select count(MQL_At__c) from raw.salesforce__leads") == [(30,)]


def test_broken_values_of_single_rows_are_set_aside_as_ever(company: Company) -> None:
    deliver(company, 25, [lead(n, MQL_At__c="soon") if n < 9 else lead(n) for n in range(30)])

    loaded = company.run(company.sources(SALESFORCE))

    assert (loaded.rows_loaded, loaded.rows_quarantined) == (21, 9)
    assert changes(company) == []


def test_a_required_column_that_no_longer_fits_is_never_left_out(company: Company) -> None:
    deliver(company, 25, [lead(n, CreatedDate="soon") for n in range(30)])

    loaded = company.run(company.sources(SALESFORCE))

    assert (loaded.rows_loaded, loaded.rows_quarantined) == (0, 30)
    assert changes(company) == []


def test_a_small_file_without_a_value_tells_of_no_change(company: Company) -> None:
    deliver(company, 25, [lead(n) for n in range(30)])
    deliver(company, 26, [without(lead(n), "Phone") for n in range(19)])

    company.run(company.sources(SALESFORCE))

    assert changes(company) == []


def test_changes_of_one_load_and_of_two_are_the_same(company: Company) -> None:
    deliver(company, 25, [lead(n) for n in range(30)])
    company.run(company.sources(SALESFORCE), datetime.fromisoformat("2026-10-26T00:00:00+09:00"))
    deliver(company, 26, [without(lead(n), "Phone") for n in range(30)])

    company.run(company.sources(SALESFORCE))

    assert changes(company) == [("Phone", "removed")]


def test_a_file_that_is_read_anew_and_fits_is_no_longer_told(company: Company) -> None:
    rows = "".join(f"{n},2026-10-24 10:00:00,{n} yen\n" for n in range(30))
    company.deliver({"deals/2026-10-25/a.csv": "id,at,amount\n" + rows})
    columns: dict[str, Any] = {"opportunity_id": "id", "created_at": "at", "amount": "amount"}
    stream = {"entity": "opportunity", "path": "deals/**/*.csv", "format": "csv", "constants": {"stage": "won"}}
    company.run(company.sources({"name": "own", "system": "files", "streams": [stream | {"columns": columns}]}))
    assert changes(company) == [("amount", "retyped")]

    columns["amount"] = {"from": "amount", "transforms": [{"extract": "([0-9]+)"}]}
    company.run(company.sources({"name": "own", "system": "files", "streams": [stream | {"columns": columns}]}))

    assert changes(company) == []
