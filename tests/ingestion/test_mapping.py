"""Files as companies have them, read by a mapping: their delimiters, headers, joined columns and ids."""

import json
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import ingestion
from leadmill.errors import InputError
from tests.ingestion.deliveries import AS_OF, Company, mapped, utc

LEAD = {"lead_id": "id", "created_at": "day"}


def test_a_business_card_tool_in_cp932(company: Company) -> None:
    """Title lines above the header, names in two columns, dates of the era, no id."""
    text = (
        "名刺一覧,,,,,\r\n出力日,令和8年2月1日,,,,\r\n"
        "姓,名,会社名,ﾒｰﾙ ,電話番号,名刺交換日\r\n"
        '山田,太郎,"㈱アグレ\r\n営業部",T.Yamada@example.co.jp,０３−１２３４,令和8年1月31日(土)\r\n'
        "鈴木,,鈴木商店,-,なし,2026/1/31 午後1時5分\r\n"
    )
    company.deliver({"cards/a.csv": text.encode("cp932")})
    columns = {
        "full_name": ["姓", "名"],
        "company_name": {"from": "会社名", "transforms": ["nfkc"]},
        "email": {"from": "メール", "transforms": ["lower", {"empty_values": ["-"]}]},
        "phone": {"from": "電話番号", "transforms": ["digits_only"]},
        "created_at": "名刺交換日",
    }
    source = mapped("cards/*.csv", columns, ids={"lead_id": ["会社名", "姓", "名"]}, encoding="cp932", skip_lines=2)

    result = company.run(company.sources(source))

    assert (result.rows_loaded, result.rows_quarantined) == (2, 0)
    assert company.raw("files__lead", "full_name, company_name, email, phone, created_at, _extra") == [
        ("山田 太郎", "(株)アグレ\n営業部", "t.yamada@example.co.jp", "031234", utc(2026, 1, 30, 15), None),
        ("鈴木", "鈴木商店", None, None, utc(2026, 1, 31, 4, 5), None),
    ]
    ids = [lead_id for (lead_id,) in company.raw("files__lead", "lead_id")]
    assert len({*ids}) == 2


@pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
def test_other_delimiters(company: Company, delimiter: str) -> None:
    rows = [["id", "day", "note"], ["1", "2026-01-31", f'"a{delimiter}""b"""'], ["2", "2026-01-31", "a,b"]]
    company.deliver({"cards/a.csv": "".join(delimiter.join(row) + "\n" for row in rows) + f"3{delimiter}x\n"})

    result = company.run(company.sources(mapped("cards/*.csv", LEAD, delimiter=delimiter)))

    assert (result.rows_loaded, result.rows_quarantined) == (2, 1)
    extras = [json.loads(extra)["note"] for (extra,) in company.raw("files__lead", "_extra")]
    assert extras == [f'a{delimiter}"b"', "a,b"]


def test_a_deal_in_thousands_of_yen(company: Company) -> None:
    company.deliver({"deals/a.csv": '番号,段階,金額(千円),受注日\n1,受注,"¥1,234",2026年3月1日\n2,失注,約3,2026/3/1\n'})
    columns = {
        "opportunity_id": "番号",
        "stage": {"from": "段階", "transforms": [{"map": {"受注": "won"}}]},
        "amount": {"from": "金額（千円）", "transforms": [{"multiply_by": 1000}]},
        "closed_at": "受注日",
    }

    company.run(company.sources(mapped("deals/*.csv", columns, entity="opportunity")))

    assert company.raw("files__opportunity", "stage, amount, closed_at") == [
        ("won", Decimal(1234000), utc(2026, 2, 28, 15))
    ]
    assert [row["column_name"] for row in ingestion.quarantine(company.home)] == ["amount"]


def test_costs_with_a_decimal_comma(company: Company) -> None:
    company.deliver({"costs/a.csv": "Datum;Betrag\n31.01.2026;1.234,56\n01.02.2026;1,234.56\n"})
    columns = {"occurred_on": "Datum", "amount": "Betrag"}
    source = mapped("costs/*.csv", columns, entity="cost", delimiter=";", decimal_mark=",", date_format="%d.%m.%Y")

    result = company.run(company.sources(source))

    assert result.rows_quarantined == 1
    assert company.raw("files__cost", "occurred_on, amount") == [(date(2026, 1, 31), Decimal("1234.56"))]


def test_an_exact_header_is_meant_before_a_similar_one(company: Company) -> None:
    company.deliver({"cards/a.csv": "ID,id,Day\na,b,2026-01-31\n"})

    company.run(company.sources(mapped("cards/*.csv", LEAD)))

    assert company.raw("files__lead", "lead_id, _extra") == [("b", '{"ID":"a"}')]


def test_json_and_parquet_are_joined_transformed_and_hashed_alike(company: Company) -> None:
    record = {"first": "Taro", "last": "山田", "no": 7, "at": "令和8年1月31日"}
    company.deliver({"a/a.jsonl": json.dumps(record)})
    pq.write_table(pa.Table.from_pylist([record]), company.folder / "a/a.parquet")
    columns = {"full_name": ["last", "first"], "created_at": "at", "phone": {"from": "no", "transforms": ["trim"]}}
    streams = [
        mapped(f"a/*.{kind}", columns, ids={"lead_id": ["no", "last"]}, format=kind)["streams"][0]
        for kind in ("jsonl", "parquet")
    ]

    company.run(company.sources({"name": "own", "system": "files", "streams": streams}))

    first, second = company.raw("files__lead", "lead_id, full_name, created_at, phone, _extra")
    assert first == second
    assert first[1:] == ("山田 Taro", utc(2026, 1, 30, 15), "7", None)


def test_formula_cells_and_huge_fields_are_text(company: Company) -> None:
    formulas = ['=HYPERLINK("http://x";"y")', "+81-3-1234", "-", "@SUM(A1)", "x" * 3_000_000]
    quoted = [text.replace('"', '""') for text in formulas]
    rows = "".join(f'{number},2026-01-31,"{text}"\n' for number, text in enumerate(quoted))
    company.deliver({"cards/a.csv": "id,day,name\n" + rows + '9,"=1+1",x\n'})

    result = company.run(company.sources(mapped("cards/*.csv", LEAD | {"full_name": "name"})))

    assert (result.rows_loaded, result.rows_quarantined) == (5, 1)
    assert [name for (name,) in company.raw("files__lead", "full_name")] == formulas


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-16"])
def test_nuls_are_text_where_text_fits(company: Company, encoding: str) -> None:
    text = "id,day,name\n1,2026-01-31,a\0b\n2,2026-\x0001-31,c\n"
    company.deliver({"cards/a.csv": text.encode(encoding)})
    columns = LEAD | {"full_name": {"from": "name", "transforms": ["nfkc"]}}

    result = company.run(company.sources(mapped("cards/*.csv", columns, encoding=encoding)))

    assert (result.rows_loaded, result.rows_quarantined) == (1, 1)
    assert company.raw("files__lead", "full_name") == [("a\0b",)]


def test_a_changed_transform_reads_the_file_anew(company: Company) -> None:
    company.deliver({"cards/a.csv": "id,day\nA,2026-01-31\n"})
    company.run(company.sources(mapped("cards/*.csv", LEAD)))
    columns = LEAD | {"lead_id": {"from": "id", "transforms": ["lower"]}}

    results = [company.run(company.sources(mapped("cards/*.csv", columns))) for _ in range(2)]

    assert [result.rows_loaded for result in results] == [1, 0]
    assert [lead_id for (lead_id,) in company.raw("files__lead", "lead_id")] == ["A", "a"]


MISTAKES = {
    "an unknown transform": ({"columns": LEAD | {"email": {"from": "m", "transforms": ["trimm"]}}}, "allowed: digits"),
    "an unknown field": ({"columns": LEAD | {"email": {"form": "m"}}}, "did you mean 'from'"),
    "no column": ({"columns": LEAD | {"email": []}}, "at least 1 item"),
    "an id that is none": ({"ids": {"created_at": ["day"]}}, "created_at of lead is no id"),
    "an id twice": ({"ids": {"lead_id": ["day"]}}, "lead_id stands under `columns` and `ids`"),
    "a delimiter of JSON": ({"format": "jsonl", "delimiter": ";"}, "delimiter is only for `format: csv`"),
    "two signs as delimiter": ({"delimiter": "::"}, "Input should be"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_mapping_is_told(company: Company, mistake: str) -> None:
    settings, message = MISTAKES[mistake]

    with pytest.raises(InputError, match=message) as raised:
        company.sources(mapped("x", **({"columns": LEAD} | settings)))

    assert "sources.yml:1: sources.0.streams.0" in str(raised.value)


def test_a_missing_column_is_told_with_those_that_are_there(company: Company) -> None:
    company.deliver({"cards/a.csv": "番号,日付\n1,2026-01-31\n"})
    sources = company.sources(mapped("cards/*.csv", {"lead_id": "番号", "created_at": ["日付", "時刻"]}))

    with pytest.raises(InputError, match=r"missing required column\(s\) 時刻 .* the file has: 番号, 日付"):
        ingestion.extract(sources, "own", company.home, AS_OF, lambda _: None)
