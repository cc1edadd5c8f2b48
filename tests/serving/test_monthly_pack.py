"""The words and numbers of the monthly pack."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from serving.monthly_pack import pack
from serving.monthly_pack.formats import filters

FOLDER = Path(pack.__file__).parent
MARTS = Path(__file__).parents[2] / "dbt_project" / "models" / "marts"

# Columns whose values the pages turn into words: `<prefix>_<value>`. What they may hold is tested in the models' yml.
WORDED = {
    "status": [("mart_targets", "status")],
    "dimension": [("mart_quality_flags", "dimension")],
    "verdict": [("mart_initiative_effects", "verdict"), ("mart_micro_conversions", "verdict")],
    "team": [("mart_handoff_errors", "from_team"), ("mart_handoff_errors", "to_team")],
    "type": [("mart_content_report", "content_type")],
    "gap": [("mart_gap_decomposition", "basis")],
    "leg": [("mart_response_times", "leg")],
    "missed": [("mart_diagnosis", "missed_reference")],
    "compared": [("mart_diagnosis", "compared_with")],
    "band": [("mart_kpi_values", "status")],
    "step": [("mart_funnel", "step")],
}
NEVER_SHOWN = {"status_rejected"}  # the query of the targets leaves them out


def accepted_values(model: str, column: str) -> list[str]:
    [path] = MARTS.rglob(f"{model}.yml")
    [described] = yaml.safe_load(path.read_text("utf-8"))["models"]
    [found] = [entry for entry in described["columns"] if entry["name"] == column]
    [values] = [test["accepted_values"] for test in found["data_tests"] if "accepted_values" in test]
    return list(values["arguments"]["values"])


def test_every_word_is_there_in_both_languages() -> None:
    texts = yaml.safe_load((FOLDER / "texts.yml").read_text("utf-8"))

    assert all(set(words) == {"en", "ja"} for words in texts.values())
    assert [key for key, words in texts.items() if not all(words.values())] == ["band_none"]


@pytest.mark.parametrize("prefix", WORDED)
def test_every_value_that_a_mart_may_hold_has_a_word(prefix: str) -> None:
    texts = yaml.safe_load((FOLDER / "texts.yml").read_text("utf-8"))

    needed = {
        f"{prefix}_{value.replace(' ', '_')}"
        for model, column in WORDED[prefix]
        for value in accepted_values(model, column)
    }

    assert needed - NEVER_SHOWN <= set(texts)


@pytest.mark.parametrize(
    ("value", "unit", "english", "japanese"),
    [
        (None, "count", "–", "–"),
        (1234.4, "count", "1,234", "1,234"),
        (0.0567, "ratio", "5.7%", "5.7%"),
        (59, "minutes", "59 min", "59分"),
        (90, "minutes", "1.5 h", "1.5時間"),
        (2880, "minutes", "2.0 days", "2.0日"),
        (6.54, "months", "6.5 months", "6.5か月"),
    ],
)
def test_numbers_are_written_as_people_of_the_language_write_them(
    value: float | None, unit: str, english: str, japanese: str
) -> None:
    assert filters("en")["number"](value, unit) == english
    assert filters("ja")["number"](value, unit) == japanese


def test_differences_have_a_sign() -> None:
    signed = filters("en")["signed"]

    assert [signed(value) for value in (3, -3, 0, None)] == ["+3", "−3", "±0", "–"]


def test_months_are_named() -> None:
    assert filters("en")["month"](date(2026, 10, 1)) == "October 2026"
    assert filters("ja")["month"](date(2026, 10, 1)) == "2026年10月"


def test_rows_are_grouped_in_the_order_of_the_query() -> None:
    rows = [{"kpi": "b", "n": 1}, {"kpi": "b", "n": 2}, {"kpi": "a", "n": 3}]

    assert [(key, len(members)) for key, members in filters("en")["groupby_in_order"](rows, "kpi")] == [
        ("b", 2),
        ("a", 1),
    ]
