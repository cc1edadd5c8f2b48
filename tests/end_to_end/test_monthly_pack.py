"""The monthly pack of the sample company: its numbers are the marts', and it needs nothing from outside."""

import re
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from leadmill.errors import InputError
from leadmill.settings import Home
from serving import monthly_pack
from serving.monthly_pack import pdf
from tests.nights import leadmill, query

MONTH = date(2026, 4, 1)


@pytest.fixture(scope="module")
def page(once: Path) -> str:
    return monthly_pack.make(Home(path=once), MONTH, "en").html


def test_numbers_are_those_of_the_marts(once: Path, page: str) -> None:
    values = query(
        once,
        """
        select kpi_name, value from marts.mart_kpi_values join marts.dim_kpi using (kpi_id)
        where period_grain = 'month' and dimension = 'overall' and period_start = $month and unit = 'count'
        """,
        month=MONTH,
    )

    cells = dict(re.findall(r'<td>([^<]+)</td><td class="n">([^<]*)</td><td class="n">[^<]*</td>\s', page))
    assert len(values) > 10
    assert {name: cells[name] for name, _ in values} == {name: f"{value:,.0f}" for name, value in values}


def test_it_needs_nothing_from_outside(page: str) -> None:
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert not re.findall(r"(?:src|href|url\()\s*=?\s*[\"']?https?:", page)
    assert page.count("<svg") >= 4


def test_both_languages_have_every_page(once: Path, page: str) -> None:
    japanese = monthly_pack.make(Home(path=once), MONTH, "ja").html

    sections = r'<section id="(\w+)">'
    assert re.findall(sections, japanese) == re.findall(sections, page)
    assert len(re.findall(sections, page)) == 7
    assert "月次マーケティング・営業会議資料 — 2026年4月" in japanese


def test_the_last_month_that_has_ended_is_the_default(once: Path) -> None:
    made = monthly_pack.make(Home(path=once), None, "en")

    assert made.month_on == MONTH, "the company's history ends on 20 May"


def test_a_month_without_numbers_is_told(once: Path) -> None:
    result = leadmill("pack", "--home", once, "--month", "2031-01")

    assert result.exit_code == InputError.exit_code
    assert "no number of 2031-01" in result.output


def test_names_from_the_data_are_text_and_no_markup(once: Path, tmp_path: Path) -> None:
    served = tmp_path / "published" / "current"
    served.mkdir(parents=True)
    shutil.copyfile(once / "published" / "current" / "marts.duckdb", served / "marts.duckdb")
    with duckdb.connect(str(served / "marts.duckdb")) as connection:
        connection.execute("update marts.marts.mart_content_report set content_name = '<script>alert(1)</script>'")

    made = monthly_pack.make(Home(path=tmp_path), MONTH, "en")

    assert "<script>" not in made.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in made.html


def test_a_browser_prints_it(once: Path, tmp_path: Path) -> None:
    try:
        pdf.browser()
    except InputError:
        pytest.skip("no Chromium on this machine")
    out = tmp_path / "pack.html"

    result = leadmill("pack", "--home", once, "--month", "2026-04", "--language", "ja", "--out", out, "--pdf")

    assert result.exit_code == 0, result.output
    printed = out.with_suffix(".pdf").read_bytes()
    assert printed.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 7


def test_without_a_browser_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("LEADMILL_CHROMIUM", raising=False)

    with pytest.raises(InputError, match="install one"):
        pdf.browser()
