"""Names of people to one key, whatever their width, case, order and honorifics."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

import pyarrow as pa

from identity.normalisation.columns import normalised
from identity.normalisation.text import folded_name, stable

Script = Literal["kanji", "kana", "latin", "other"]

_KANJI = re.compile("[\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_LATIN = re.compile("[a-z]")
_HIRAGANA_TO_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}

# A reading or former name in brackets: 佐藤 花子(サトウ ハナコ).
_IN_BRACKETS = re.compile(r"[(\[〔【][^()\[\]〔〕【】]*[)\]〕】]")
# Within a word of a romanised name: Shin-ichi, Jun'ichi, O’Brien.
_WITHIN_WORDS = re.compile(r"(?<=[a-z])['’`´-](?=[a-z])")
_WORD = re.compile(r"[^\W_]+")

_HONORIFIC_WORDS = frozenset(
    [
        *("mr", "mister", "mrs", "ms", "miss", "mx", "dr", "prof", "esq", "phd", "mba", "sir", "madam"),
        *("様", "サマ", "殿", "ドノ", "サン", "氏", "先生", "君", "クン", "チヤン", "御中"),
    ]
)
_ROMAN_HONORIFIC = re.compile(r"-(?:san|sama|sensei|kun|chan)\b")
# Glued to the name only those that end no name: 殿, 氏 and 君 do (鵜殿, 文君).
_GLUED_HONORIFIC = re.compile(r"(?<=\w\w)(?:様|サマ|サン|先生)$")


# From so many letters on a name without a space is a family name and a given name: 佐々木 alone has three.
_FULL_WITHOUT_SPACE = {"kanji": 4, "kana": 6}


class PersonName(NamedTuple):
    """A name as it is compared; the keys are null where the text holds no letter, or no full name."""

    name_key: str | None
    script: Script
    token_count: int
    full_name_key: str | None
    name_parts: list[str]


def person_name(text: str) -> PersonName:
    """Return the keys, script, number of words and parts of a person's name.

    Words are sorted, as tools differ in which name comes first. A name without space is one word: nothing tells where
    the family name of 佐藤花子 ends. So the key of a full Japanese name is its letters in order, with or without space,
    and its parts are the pairs of letters in its words; those of other names are the words. Two full names of one
    script without a part in common are two people's.

    Args:
        text: name as typed.
    """
    words = _words(text)
    key = _joined(words)
    # Of plain words nothing more can go.
    if not key.isascii():
        key = stable(lambda name: _joined(_words(name)), key)
    script, tokens = _script(key), key.split()
    letters = "".join(tokens)
    parts = tokens
    if script in _FULL_WITHOUT_SPACE:
        parts = sorted({word[at : at + 2] for word in tokens for at in range(max(1, len(word) - 1))})
    is_full = len(tokens) > 1 or len(letters) >= _FULL_WITHOUT_SPACE.get(script, len(letters) + 1)
    full_name_key = ("".join(sorted(letters)) if script in _FULL_WITHOUT_SPACE else key) if is_full else None
    return PersonName(key or None, script, len(words), full_name_key, parts)


def person_names(texts: pa.StringArray) -> pa.Table:
    """Return `full_name` (as typed) and the fields of `PersonName` of each text.

    Args:
        texts: distinct texts without null.
    """
    fields = {
        "name_key": pa.string(),
        "script": pa.string(),
        "token_count": pa.int32(),
        "full_name_key": pa.string(),
        "name_parts": pa.list_(pa.string()),
    }
    return normalised(texts, "full_name", person_name, fields)


def _words(text: str) -> list[str]:
    text = folded_name(text)
    if not text.isascii():
        text = text.translate(_HIRAGANA_TO_KATAKANA)
    without_brackets = _IN_BRACKETS.sub(" ", text)
    text = without_brackets if _WORD.search(without_brackets) else text
    text = _WITHIN_WORDS.sub("", _ROMAN_HONORIFIC.sub("", text))
    words = _WORD.findall(text)
    return [_GLUED_HONORIFIC.sub("", word) for word in words if word not in _HONORIFIC_WORDS] or words


def _joined(words: list[str]) -> str:
    return " ".join(sorted(words))


def _script(name: str) -> Script:
    if name.isascii():
        return "latin" if _LATIN.search(name) else "other"
    if _KANJI.search(name):
        return "kanji"
    if _KANA.search(name):
        return "kana"
    return "latin" if _LATIN.search(name) else "other"
