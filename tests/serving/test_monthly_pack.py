"""The words and numbers of the monthly pack."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from serving.monthly_pack import pack
from serving.monthly_pack.formats import filters

FOLDER = Path(pack.__file__).parent


def test_every_word_is_there_in_both_languages() -> None:
    texts = yaml.safe_load((FOLDER / "texts.yml").read_text("utf-8"))

    assert all(set(words) == {"en", "ja"} for words in texts.values())
    assert [key for key, words in texts.items() if not all(words.values())] == ["band_none"]


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
