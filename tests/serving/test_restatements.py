"""Numbers of ended periods that changed from one published version to the next."""

from datetime import date, datetime, timedelta

import pytest

from leadmill.settings import Home
from serving import open_marts
from tests.serving.conftest import AS_OF, published
from tests.serving.test_publish import change

NIGHT = timedelta(days=1)


def restated(
    home: Home, columns: str = "kpi_id, period_start, previous_value, value, change"
) -> list[tuple[object, ...]]:
    with open_marts(home) as marts:
        return marts.execute(f"select {columns} from marts.mart_restatements order by all").fetchall()


def test_first_version_restates_nothing(home: Home) -> None:
    published(home)

    assert restated(home) == []


def test_late_data_of_an_ended_month_is_listed_with_its_change(home: Home) -> None:
    before = published(home)
    change(
        home,
        "update marts.mart_kpi_values set numerator = 5, value = 5 "
        "where kpi_id = 'mql' and period_start = '2026-03-01'",
    )

    after = published(home, AS_OF + NIGHT)

    assert restated(home) == [("mql", date(2026, 3, 1), 2, 5, 3)]
    assert restated(home, "previous_version, version, cause") == [(before.version, after.version, "data")]


def test_a_change_under_other_models_or_seeds_is_told_as_one_of_definition(home: Home) -> None:
    published(home, definitions_hash="a")
    change(home, "update marts.mart_kpi_values set numerator = 5, value = 5 where kpi_id = 'mql' and value = 2")

    published(home, AS_OF + NIGHT, definitions_hash="b")

    assert restated(home, "kpi_id, cause") == [("mql", "definition")]


@pytest.mark.parametrize(
    ("as_of", "listed"),
    [(AS_OF - timedelta(seconds=1), 0), (AS_OF, 1)],
    ids=["one second before its last business day ends", "when its last business day has ended"],
)
def test_a_period_is_restated_once_it_has_ended(home: Home, as_of: datetime, listed: int) -> None:
    published(home, as_of)
    change(home, "update marts.mart_kpi_values set numerator = 99, value = 99 where period_start = '2026-10-01'")

    published(home, AS_OF + NIGHT)

    assert len([row for row in restated(home, "kpi_id, period_grain") if row == ("mql", "month")]) == listed


def test_a_row_that_appears_or_goes_counts_as_restated(home: Home) -> None:
    published(home)
    change(home, "delete from marts.mart_kpi_values where kpi_id = 'mql' and period_start = '2026-04-01'")
    change(
        home,
        "insert into marts.mart_kpi_values "
        "values ('mql', 'month', '2025-05-01', 'channel', 'email', 1, null, 1, null, '')",
    )

    published(home, AS_OF + NIGHT)

    assert restated(home, "period_start, dimension, previous_value, value, change") == [
        (date(2025, 5, 1), "channel", None, 1, 1),
        (date(2026, 4, 1), "overall", 3, None, -3),
    ]


def test_a_maturing_rate_is_restated_only_where_its_population_changed(home: Home) -> None:
    for month in ("2026-02-01", "2026-03-01"):
        change(
            home,
            "insert into marts.mart_kpi_values "
            f"values ('sql_rate', 'month', '{month}', 'overall', 'all', 1, 10, 0.1, null, '')",
        )
    published(home)
    change(home, "update marts.mart_kpi_values set numerator = 2, value = 0.2 where kpi_id = 'sql_rate'")
    change(
        home,
        "update marts.mart_kpi_values set denominator = 20, value = 0.1 "
        "where kpi_id = 'sql_rate' and period_start = '2026-03-01'",
    )

    published(home, AS_OF + NIGHT)

    assert restated(home, "kpi_id, period_start, previous_denominator, denominator") == [
        ("sql_rate", date(2026, 3, 1), 10, 20)
    ]


def test_the_list_is_carried_on_and_a_past_night_compares_with_its_own_past(home: Home) -> None:
    published(home)
    change(home, "update marts.mart_kpi_values set numerator = 5, value = 5 where kpi_id = 'mql' and value = 2")
    published(home, AS_OF + 2 * NIGHT)

    published(home, AS_OF + 3 * NIGHT)
    assert len(restated(home)) == 1

    published(home, AS_OF + NIGHT)
    assert restated(home, "previous_as_of") == [(AS_OF.replace(tzinfo=None),)]
