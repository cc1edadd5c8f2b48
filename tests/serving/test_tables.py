"""The terminal's tables are rows of the published marts as they are."""

from pathlib import Path
from typing import Literal

import pytest

from leadmill.errors import InputError
from leadmill.settings import Home
from leadmill.tables import show_kpis
from serving import current, funnel_table, kpi_table, open_marts, versions
from tests.serving.conftest import published


def test_funnel_steps_of_all_time_in_order(home: Home) -> None:
    published(home)

    rows = funnel_table(home)

    assert [row["step"] for row in rows] == ["lead", "mql"]
    assert rows[0] == {
        "step": "lead",
        "entered": 100,
        "passed": 40,
        "pass_rate": 0.4,
        "median_minutes": 62.54,
    }


def test_kpis_have_one_row_for_each_of_the_latest_months(home: Home) -> None:
    published(home)

    rows = kpi_table(home)

    months = ["2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10"]
    assert [(row["kpi_id"], row["month"]) for row in rows] == [
        (kpi, month) for kpi in ("mql", "wins") for month in months
    ]
    assert rows[5]["value"] == 9
    assert rows[5]["kpi_name_ja"] == "MQL数"
    assert rows[5]["target"] == 8


def test_kpis_of_a_phase_only(home: Home) -> None:
    published(home)

    assert {row["kpi_id"] for row in kpi_table(home, "maturity")} == {"wins"}


@pytest.mark.parametrize(("language", "words"), [("en", ["Pick", "MQL", "target"]), ("ja", ["選別", "MQL数", "目標"])])
def test_kpis_are_printed_by_success_factor_in_either_language(
    home: Home, capsys: pytest.CaptureFixture[str], language: Literal["en", "ja"], words: list[str]
) -> None:
    published(home)

    show_kpis(kpi_table(home), language)

    printed = capsys.readouterr().out
    assert all(word in printed for word in words)
    assert printed.index(words[0]) < printed.index(words[1])


def test_marts_are_found_by_schema_and_name(home: Home) -> None:
    published(home)

    with open_marts(home) as marts:
        assert marts.execute("select count(*) from marts.fct_sessions").fetchall() == [(3000,)]


def test_nothing_published_is_told(tmp_path: Path) -> None:
    home = Home(path=tmp_path)

    assert current(home) is None
    assert versions(home) == []
    with pytest.raises(InputError, match="leadmill nightly"):
        kpi_table(home)
    with pytest.raises(InputError, match="leadmill nightly"):
        funnel_table(home)
