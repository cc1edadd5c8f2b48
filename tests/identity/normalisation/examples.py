"""What the tests of the names share: texts of all kinds, and the seed of legal forms."""

import csv
from pathlib import Path

from hypothesis import strategies as st

from identity.normalisation.company_name import LegalForms

SEEDS = Path(__file__).parents[3] / "dbt_project" / "seeds"


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


LEGAL_FORMS = LegalForms((row["written"], row["legal_form"], row["position"]) for row in seed("legal_forms"))

# Any text, and text made of what the rules act on: the second finds more.
PIECES = [row["written"] for row in seed("legal_forms")] + [
    *"アャヤカｶﾞがーｰ-―・( )（　）「」@.,'\"&/<>:;+_0１9aＡéßİ髙辺\u200b\u0301\u3099\ufe0f",
    "様", "さん", "-san", "Mr", "東京", "支店", "本社", "mailto:", "https://", "内線", "ext.", "+81", "03", "日本.jp",
]  # fmt: skip
TEXTS = st.text() | st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


def full_width(text: str) -> str:
    """Return text with the full-width forms of its ASCII letters, digits and signs."""
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)
