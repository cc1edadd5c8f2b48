"""`leadmill inspect`: a file that nobody has described becomes a mapping that loads, and says what it did not know."""

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

import ingestion
from ingestion.proposal import propose
from leadmill.errors import InputError
from tests.ingestion.deliveries import Company, mapped
from tests.nights import leadmill

REPOSITORY = Path(__file__).parents[2]
DATA = Path(os.environ.get("LEADMILL_PUBLIC_DATA", REPOSITORY.parent / "shared" / "data"))


def table(header: str, *rows: str, delimiter: str = ",") -> str:
    """Return CSV text; cells stand apart by blanks."""
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator="\r\n").writerows(line.split(" ") for line in (header, *rows))
    return file.getvalue()


def stream(company: Company, name: str, content: bytes, entity: str | None = None) -> dict[str, Any]:
    """Inspect a file; return the stream that is proposed, once it has loaded without a loss."""
    company.deliver({name: content})
    text, told = propose(company.folder / name, entity, company.folder)
    proposed = yaml.safe_load(text)
    result = company.run(company.sources(*proposed["sources"]))
    assert told[0].startswith(f"Tried on the whole file: {result.rows_loaded:,} rows would load")
    assert result.rows_quarantined == 0
    found: dict[str, Any] = proposed["sources"][0]["streams"][0]
    return found


def test_business_cards_in_cp932(company: Company) -> None:
    """As Sansan and Eight export them: title lines, names in two columns, half-width kana, no id."""
    text = "名刺一覧\r\n\r\n" + table(
        "名刺交換日 会社名 部署名 姓 名 e-mail TEL FAX 名刺所有者",
        *(
            f"2026/1/{n} ㈱ｱｸﾞﾚ{n} 営業部 山田 太郎{n} t{n}@example.co.jp 03-1234-00{n:02} 03-1234-9999 佐藤"
            for n in range(1, 30)
        ),
    )

    found = stream(company, "cards.csv", text.encode("cp932"))

    assert (found["entity"], found["encoding"], found["skip_lines"]) == ("lead", "cp932", 2)
    assert found["columns"] == {
        "created_at": "名刺交換日",
        "full_name": ["姓", "名"],
        "email": "e-mail",
        "company_name": {"from": "会社名", "transforms": ["nfkc"]},
        "phone": "TEL",
        "owner_id": "名刺所有者",
    }
    assert found["ids"] == {"lead_id": ["e-mail", "TEL", "姓", "名", "会社名"]}


def test_deals_of_a_low_code_database(company: Company) -> None:
    """As kintone exports them: quoted, with a record number, amounts as people write them, dates of the era."""
    text = table(
        "レコード番号 案件名 会社名 フェーズ 受注金額(千円) 作成日時 受注日 担当者",
        *(f"{n} 案件{n} 会社{n} 提案 ¥1,{n:03} 令和8年1月{n}日 - 佐藤" for n in range(1, 25)),
        "25 案件25 会社25 受注 (1,200) 令和8年1月25日 2026/2/1 佐藤",
    )

    found = stream(company, "案件.csv", text.encode("utf-8-sig"))

    assert found["entity"] == "opportunity"
    assert found["columns"] == {
        "opportunity_id": "レコード番号",
        "name": "案件名",
        "account_ref": "会社名",
        "stage": "フェーズ",
        "created_at": "作成日時",
        "closed_at": {"from": "受注日", "transforms": [{"empty_values": ["-"]}]},
        "owner_id": "担当者",
        "amount": {"from": "受注金額(千円)", "transforms": [{"multiply_by": 1000}]},
    }
    amounts = company.query("select min(amount)::bigint, max(amount)::bigint from raw.files__opportunity")
    assert amounts == [(-1_200_000, 1_024_000)]


def test_readers_of_a_mail_tool(company: Company) -> None:
    """As Haihai Mail and Benchmark export them: semicolons or tabs, consent in words, dates without separators."""
    text = table(
        "ID メールアドレス 氏名 メール配信可否 登録日 ポイント",
        *(f'="00{n}" R{n}@Example.com 読者{n} {"可" if n % 3 else "不可"} 202601{n:02} {n}' for n in range(10, 30)),
        delimiter="\t",
    )

    found = stream(company, "読者.tsv", text.encode("utf-16"), "person")

    assert (found["encoding"], found["delimiter"], found["date_format"]) == ("utf-16", "\t", "%Y%m%d")
    assert found["columns"]["person_ref"] == {"from": "ID", "transforms": [{"extract": '^="(.*)"$'}]}
    assert found["columns"]["may_email"] == {
        "from": "メール配信可否",
        "transforms": [{"map": {"不可": False, "可": True}}],
    }
    consents = company.query("select may_email, count(*) from raw.files__person group by all order by all")
    assert consents == [(False, 6), (True, 14)]
    assert company.query("select min(person_ref) from raw.files__person") == [("0010",)]


def test_signs_of_a_pattern_in_a_name_are_no_pattern(company: Company) -> None:
    text = table("ID メールアドレス 登録日", *(f"{n} r{n}@example.com 2026/1/{n}" for n in range(1, 29)))

    found = stream(company, "名簿[2026]*.csv", text.encode(), "person")

    assert found["path"] == "名簿[[]2026][*].csv"
    assert company.query("select count(*) from raw.files__person") == [(28,)]


def test_calls_of_a_call_centre(company: Company) -> None:
    text = table(
        "架電日時 架電先 企業名 オペレーター 架電結果 通話秒数",
        *(f"2026年1月{n}日午後1時{n}分 090-1234-56{n:02} 会社{n} 佐藤 不在 {n}" for n in range(1, 28)),
    )

    found = stream(company, "calls.csv", text.encode("euc_jp"))

    assert (found["entity"], found["encoding"], found["constants"]) == ("activity", "euc_jp", {"activity_type": "call"})
    assert found["columns"] == {
        "occurred_at": "架電日時",
        "owner_id": "オペレーター",
        "result": "架電結果",
        "duration_seconds": "通話秒数",
    }


def test_json_lines_and_parquet(company: Company) -> None:
    records = [{"id": n, "who": {"mail": f"a{n}@example.com"}, "created": f"2026-01-{n:02}"} for n in range(10, 30)]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    pq.write_table(pa.Table.from_pylist([{"id": n, "mail": "x@y.jp", "created": "01/13/2026"} for n in range(9)]),
                   company.folder / "leads.parquet")  # fmt: skip

    found = stream(company, "leads.jsonl", lines.encode())
    text, told = propose(company.folder / "leads.parquet")

    assert found["columns"] == {"lead_id": "id", "created_at": "created", "email": "who.mail"}
    assert "date_format: '%m/%d/%Y'" in text
    assert told == ["Tried on the whole file: 9 rows would load, 0 be set aside."]


def test_what_would_be_set_aside_is_told(company: Company) -> None:
    rows = [f"{n} a{n}@example.com 2026/1/{n}" for n in range(1, 20)]
    company.deliver({"leads.csv": table("id mail created", *rows, "20 b@example.com soon", "21 x")})

    text, told = propose(company.folder / "leads.csv")

    assert told == [
        "Tried on the whole file: 19 rows would load, 2 be set aside.",
        "  1: column created_at: expected TIMESTAMP",
        "  1: expected 3 columns, found 2",
    ]
    assert "# by its header; 19 of 20 values are TIMESTAMP" in text


def test_a_broken_character_leaves_the_encoding_known(company: Company) -> None:
    rows = [f"{n} a{n}@example.com 2026/1/{n} 山田太郎" for n in range(1, 20)]
    content = table("番号 メール 登録日 氏名", *rows).encode("cp932")
    company.deliver({"leads.csv": content.replace("郎\r\n19".encode("cp932"), b"\x98\r\n19")})

    text, told = propose(company.folder / "leads.csv")

    assert "encoding: cp932" in text
    assert told[1:] == ["  1: bytes that are not cp932"]


def test_dates_that_could_be_read_in_two_ways_are_told(company: Company) -> None:
    company.deliver(
        {"leads.csv": table("id mail created", *(f"{n} a{n}@example.com 0{n}/02/2026" for n in range(1, 9)))}
    )

    text, _ = propose(company.folder / "leads.csv")

    assert "date_format: '%m/%d/%Y'" in text
    assert "would be by %d/%m/%Y too: check" in text


def test_no_value_stands_in_a_proposal(company: Company) -> None:
    rows = [f"{n} secret{n}@example.com 2026/1/{n} 極秘{n} x-{n}" for n in range(1, 20)]
    company.deliver({"leads.csv": table("id mail created 備考 memo", *rows)})

    text, _ = propose(company.folder / "leads.csv")

    assert "#   備考 (字字9)" in text
    assert "#   memo (x-9)" in text
    assert "secret" not in text


UNFIT = {
    "no header": (
        "1,a@example.com,2026/1/1\n2,b@example.com,2026/1/2\n",
        r"x\.csv:1: a record stands where the header",
    ),
    "empty": ("", r"x\.csv: no header line"),
    "nothing known": ("foo,bar\n1,2\n", r"no entity fits its columns \(foo, bar\)"),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_a_file_that_tells_too_little(company: Company, kind: str) -> None:
    content, message = UNFIT[kind]
    company.deliver({"x.csv": content})

    with pytest.raises(InputError, match=message):
        propose(company.folder / "x.csv")


def test_what_is_needed_and_not_found_is_told(company: Company) -> None:
    company.deliver({"x.csv": table("商談番号 金額", "1 5", "2 6")})

    text, told = propose(company.folder / "x.csv")

    assert told == ["Not tried yet: opportunity needs stage too."]
    assert "# stage: needed, and no column was found" in text


def test_the_command_writes_a_sources_file_once(company: Company) -> None:
    company.deliver({"in/leads.csv": table("id mail created", "1 a@example.com 2026/1/1", "2 b@example.com 2026/1/2")})
    out = company.folder / "sources.yml"

    first = leadmill("inspect", company.folder / "in/leads.csv", "--out", out)
    second = leadmill("inspect", company.folder / "in/leads.csv", "--out", out)

    assert (first.exit_code, second.exit_code) == (0, 2)
    assert "2 rows would load, 0 be set aside" in first.stdout
    assert company.run(ingestion.read_sources(out)).rows_loaded == 2
    assert "exists: name another file" in second.stderr


def test_an_unknown_entity_is_refused(company: Company) -> None:
    company.deliver({"x.csv": "a\n1\n"})

    with pytest.raises(InputError, match=r"--entity: unknown entity 'leed'; did you mean 'lead'"):
        propose(company.folder / "x.csv", "leed")


def test_a_public_crm_export_gets_the_rows_of_its_hand_written_mapping(company: Company) -> None:
    """The edit: the business time zone, the currency, and the name of the source."""
    if not (DATA / "crm_sales").is_dir():
        pytest.skip(f"no crm_sales in {DATA}; LEADMILL_PUBLIC_DATA names the folder that has it")
    (company.folder / "crm_sales").symlink_to(DATA / "crm_sales")
    by_hand = yaml.safe_load((REPOSITORY / "docs/examples/crm_sales.sources.yml").read_text("utf-8"))
    files = [stream["path"] for stream in by_hand["sources"][0]["streams"]]

    proposed = [
        yaml.safe_load(propose(company.folder / file, folder=company.folder)[0])["sources"][0]["streams"][0]
        for file in files
    ]
    proposed[1]["constants"] = {"currency": "USD"}

    settings = {"business_timezone": "America/New_York", "reporting_currency": "USD"}
    source = mapped("x", {}) | {"name": "crm_sales"}
    rows = []
    for home, streams in (("hand", by_hand["sources"][0]["streams"]), ("proposed", proposed)):
        other = Company(company.folder, company.home.model_copy(update={"path": company.folder.parent / home}))
        other.run(other.sources(source | {"streams": streams}, **settings))
        tables = ("files__account", "files__opportunity", "files__owner")
        rows.append([other.raw(table, "* exclude (_loaded_at)") for table in tables])
    assert rows[0] == rows[1]
    assert [len(found) for found in rows[0]] == [85, 8800, 35]
