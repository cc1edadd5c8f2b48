"""Names of companies to one key: legal form, branch, width, space and variant characters do not count."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

import pyarrow as pa

from identity.normalisation.columns import normalised
from identity.normalisation.text import folded_name, stable

# Kana, kanji and hangul.
_WITHOUT_SPACES = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_WORD = re.compile(r"[^\W_]+")
_UNOPENED = re.compile(r"^(\w{1,3})\)")
_UNCLOSED = re.compile(r"\((\w{1,3})$")
_NO_WORD = re.compile(r"[\W_]+")
# JIS Z 8301: words of three syllables and more are written with or without the long-vowel mark at their end.
_LAST_LONG_VOWEL = re.compile("(?<=[ァ-ヺー]{3})ー+(?![ァ-ヺー])")

# Places that branches are named after: prefectures, regions and the cities that are neither.
_PLACES = (
    "北海道|青森|岩手|宮城|秋田|山形|福島|茨城|栃木|群馬|埼玉|千葉|東京|神奈川|新潟|富山|石川|福井|山梨|長野|"
    "岐阜|静岡|愛知|三重|滋賀|京都|大阪|兵庫|奈良|和歌山|鳥取|島根|岡山|広島|山口|徳島|香川|愛媛|高知|福岡|"
    "佐賀|長崎|熊本|大分|宮崎|鹿児島|沖縄|東日本|西日本|東北|関東|北関東|首都圏|甲信越|北陸|中部|東海|近畿|"
    "関西|中国|四国|中四国|九州|札幌|函館|旭川|盛岡|仙台|郡山|水戸|宇都宮|前橋|高崎|大宮|横浜|川崎|金沢|甲府|"
    "松本|名古屋|豊田|浜松|四日市|神戸|姫路|高松|松山|北九州|小倉|那覇|新宿|渋谷|品川|池袋|丸の内|日本橋"
)
_BRANCHES = ("支社", "支店", "営業所", "出張所", "事業所", "支局", "オフイス")
_HEAD_OFFICES = ("本社", "本店")
_BRANCH_WORD = re.compile(rf"\w*(?:{'|'.join(_BRANCHES)})|(?:{_PLACES})?(?:{'|'.join(_HEAD_OFFICES)})")
_GLUED_BRANCH = re.compile(rf"(?<=\w)(?:{_PLACES})(?:{'|'.join(_BRANCHES + _HEAD_OFFICES)})$")


class CompanyName(NamedTuple):
    """A name as it is compared; the key is null where no letter or digit stands, the form where none does."""

    company_key: str | None
    legal_form: str | None


class LegalForms:
    """A list of legal forms, ready to be looked for in names."""

    def __init__(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Take the rows of the seed legal_forms.

        Args:
            rows: how a form is written, its usual name, and where it stands: `before` the name, `after` it, at `either`
                end.
        """
        self._before: dict[tuple[str, ...], str] = {}
        self._after: dict[tuple[str, ...], str] = {}
        without_spaces = []
        for written, legal_form, position in rows:
            folded = folded_name(written)
            if _WITHOUT_SPACES.search(folded):
                words = [folded]
                without_spaces.append(folded)
            else:
                words = _words(_spelled_out(folded))
            if position != "after":
                self._before[tuple(words)] = legal_form
            if position != "before":
                self._after[tuple(words)] = legal_form
        self._longest = max(map(len, [*self._before, *self._after]), default=0)
        # In a name without spaces the form is cut out, the longest first (公益財団法人 before 財団法人).
        without_spaces.sort(key=len, reverse=True)
        self._without_spaces = re.compile("|".join(map(re.escape, without_spaces)) or "(?!)")

    def words(self, text: str) -> list[str]:
        """Return the words of a folded name; a legal form written without spaces is a word, with its brackets."""
        if text.isascii():
            return _words(text)
        words: list[str] = []
        begin = 0
        for form in self._without_spaces.finditer(text):
            words += [*_words(text[begin : form.start()]), form.group()]
            begin = form.end()
        return words + _words(text[begin:])

    def cut(self, words: list[str]) -> tuple[list[str], str | None]:
        """Return the words without a legal form at either end, and that form; one word at least stays."""
        for length in range(min(self._longest, len(words) - 1), 0, -1):
            if legal_form := self._before.get(tuple(words[:length])):
                return words[length:], legal_form
            if legal_form := self._after.get(tuple(words[-length:])):
                return words[:-length], legal_form
        return words, None


def company_name(text: str, legal_forms: LegalForms) -> CompanyName:
    """Return the key and the legal form of a company's name.

    A branch (東京支店, 本社) is the company it belongs to. Holdings and groups are companies of their own.

    Args:
        text: name as typed.
        legal_forms: the forms to look for.
    """
    key, legal_form = _step(text, legal_forms)
    # A key of plain letters is one word, of which nothing more can be cut.
    if not key.isascii():
        key = stable(lambda name: _step(name, legal_forms)[0], key)
    return CompanyName(key or None, legal_form)


def company_names(texts: pa.StringArray, legal_forms: LegalForms) -> pa.Table:
    """Return `company_name` (as typed), `company_key` and `legal_form` of each text.

    Args:
        texts: distinct texts without null.
        legal_forms: the forms to look for.
    """
    fields = dict.fromkeys(CompanyName._fields, pa.string())
    return normalised(texts, "company_name", partial(company_name, legal_forms=legal_forms), fields)


def _step(text: str, legal_forms: LegalForms) -> tuple[str, str | None]:
    words = legal_forms.words(_spelled_out(folded_name(text)))
    legal_form = None
    while len(words) > 1:
        rest, found = legal_forms.cut(words)
        if found is None and _BRANCH_WORD.fullmatch(words[-1]):
            rest = words[:-1]
        if len(rest) == len(words):
            break
        words, legal_form = rest, legal_form or found
    name = _NO_WORD.sub("", "".join(words))
    if name.endswith(_BRANCHES + _HEAD_OFFICES):
        name = _GLUED_BRANCH.sub("", name)
    return _LAST_LONG_VOWEL.sub("", name) if "ー" in name else name, legal_form


def _spelled_out(folded: str) -> str:
    # Bank transfers leave one bracket out: カ)アクメ, アクメ(カ.
    folded = _UNOPENED.sub(r"(\1)", folded.strip()) if ")" in folded else folded
    folded = _UNCLOSED.sub(r"(\1)", folded.strip()) if "(" in folded else folded
    return folded.replace("&", " and ")


def _words(text: str) -> list[str]:
    return _WORD.findall(text)
