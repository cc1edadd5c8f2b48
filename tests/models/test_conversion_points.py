"""The words of the seed conversion_points are words: they don't match inside others."""

import csv

import duckdb
import pytest

from leadmill.transformation import PROJECT


def told(attribute: str, text: str) -> str | None:
    """Return the conversion point of the first rule that matches, with the database's regular expressions."""
    with (PROJECT / "seeds" / "conversion_points.csv").open(encoding="utf-8", newline="") as file:
        rules = sorted(csv.DictReader(file), key=lambda rule: int(rule["rule_order"]))
    for rule in rules:
        if rule["attribute"] == attribute:
            found = duckdb.execute("select regexp_matches(lower(?), ?)", [text, rule["pattern"]]).fetchall()[0][0]
            if found:
                return rule["conversion_point"]
    return None


@pytest.mark.parametrize("text", ["Industrial fair guide", "Export checklist", "Demography of buyers", "Misquoted"])
def test_a_word_inside_another_tells_nothing(text: str) -> None:
    assert told("content", text) == "other"
    assert told("campaign", text) is None


@pytest.mark.parametrize(
    ("attribute", "text", "expected"),
    [
        ("content", "Free-Trial", "demo"),
        ("content", "無料trialのお申し込み", "demo"),
        ("content", "Demonstrations", "demo"),
        ("content", "Price list", "pricing"),
        ("content", "製品カタログ", "document"),
        ("content", "White Papers 2026", "whitepaper"),
        ("content", "Inquiries", "contact"),
        ("campaign", "expo_2026q1", "trade_show"),
        ("campaign", "webinar2026", "webinar"),
        ("campaign", "Spring EXPO", "trade_show"),
    ],
)
def test_words_are_found_beside_digits_underscores_and_japanese(attribute: str, text: str, expected: str) -> None:
    assert told(attribute, text) == expected
