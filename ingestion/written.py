"""SQL for times and numbers as people and Japanese tools write them: 令和8年11月20日 午後1時, ¥1,234, ▲5, 1.234,56.

The plain forms are tried before these, so that they cost only where they are needed. All need the function `nfkc`
(:func:`ingestion.transforms.register_functions`): it makes full-width digits and signs plain.
"""

from __future__ import annotations

from ingestion.sql import literal

# The year before the first of each era, by its name and its letter.
_ERAS = {("令和", "R"): 2018, ("平成", "H"): 1988, ("昭和", "S"): 1925, ("大正", "T"): 1911, ("明治", "M"): 1867}
_ERA_NAMES = "|".join(name for names in _ERAS for name in names)
_BEFORE_NOON, _AFTER_NOON = ("午前", "AM"), ("午後", "PM")
_HALF = "|".join((*_BEFORE_NOON, *_AFTER_NOON))
_TIME = {
    "year": r"\d{4}",
    "era": _ERA_NAMES,
    "era_year": r"\d{1,2}|元",
    "month": r"\d{1,2}",
    "day": r"\d{1,2}",
    "half": _HALF,
    "hour": r"\d{1,2}",
    "minute": r"\d{1,2}",
    "second": r"\d{1,2}(?:\.\d+)?",
    "half_behind": _HALF,
    "offset": r"Z|[+-]\d{2}:?\d{2}",
}
_TIME_PATTERN = (
    r"^\s*(?:{year}|{era}\s*{era_year})\s*[年./-]\s*{month}\s*[月./-]\s*{day}\s*日?"
    r"(?:\s*\([月火水木金土日](?:曜日?)?\))?"
    r"(?:[\sT]*{half}?\s*{hour}\s*[時:]\s*(?:{minute}\s*分?(?:\s*:?\s*{second}\s*秒?)?)?\s*{half_behind}?\s*{offset}?)?\s*$"
).format(**{name: f"({pattern})" for name, pattern in _TIME.items()})

_CURRENCY = r"(?:[¥$€£]|JPY|USD|EUR|GBP|円)?"
_NEGATIVE = ("−", "‐", "▲", "△", "-")
_SIGN = f"[+{''.join(_NEGATIVE)}]"  # the ASCII hyphen last, where a class takes it as it is
_NUMBER = {
    "sign": rf"\(|{_SIGN}?",
    "sign_behind_currency": rf"{_SIGN}?",
    # Digits, or groups of three behind a separator: 1,5 is no way to write 15.
    "whole": r"\d{1,3}(?:SEPARATOR\d{3})+|\d+",
    "fraction": r"\d+",
    "end": r"\)|-",
}
_NUMBER_PATTERN = (
    rf"^\s*{{sign}}\s*{_CURRENCY}\s*{{sign_behind_currency}}\s*{{whole}}(?:MARK{{fraction}})?\s*{_CURRENCY}\s*{{end}}?\s*$"
).format(**{name: f"({pattern})" for name, pattern in _NUMBER.items()})
_SEPARATORS = {".": "[, ]", ",": "[. ']"}


def time(text: str, kind: str) -> str:
    """Return SQL for a time that is written year first, in Western years or in those of an era.

    Args:
        text: an SQL expression of type VARCHAR.
        kind: ``date`` or ``timestamptz``; a time without an offset is one of the session's time zone.
    """
    names = ", ".join(map(literal, _TIME))
    parts = f"regexp_extract(upper(nfkc({text})), {literal(_TIME_PATTERN)}, [{names}])"
    eras = " ".join(f"when part.era in ({', '.join(map(literal, names))}) then {year}" for names, year in _ERAS.items())
    year = (
        "case when part.era = '' then try_cast(part.year as integer)"
        " when part.era_year = '元' then 1 else try_cast(part.era_year as integer) end"
        f" + case {eras} else 0 end"
    )
    half = "(part.half || part.half_behind)"
    hour = (
        "try_cast(part.hour as integer)"
        f" % case when {half} = '' then 100 else 12 end"
        f" + case when {half} in ({', '.join(map(literal, _AFTER_NOON))}) then 12 else 0 end"
    )
    day = f"printf('%04d-%02d-%02d', {year}, try_cast(part.month as integer), try_cast(part.day as integer))"
    clock = (
        f"case when part.hour = '' then '' else printf(' %02d:%02d:', {hour},"
        " coalesce(try_cast(part.minute as integer), 0)) || coalesce(nullif(part.second, ''), '00') || part.offset end"
    )
    whole = day if kind == "date" else f"{day} || {clock}"
    found = f"case when part.month <> '' then try_cast({whole} as {kind}) end"
    return f"list_transform([{parts}], lambda part: {found})[1]"


def number(text: str, decimal_mark: str) -> str:
    """Return SQL for the plain digits of an amount: sign, digits and a point; NULL where the text is none.

    Args:
        text: an SQL expression of type VARCHAR.
        decimal_mark: ``.`` or ``,``; the other one, a space or an apostrophe may part thousands.
    """
    separator = _SEPARATORS[decimal_mark]
    pattern = _NUMBER_PATTERN.replace("SEPARATOR", separator).replace("MARK", f"[{decimal_mark}]")
    names = ", ".join(map(literal, _NUMBER))
    parts = f"regexp_extract(upper(nfkc({text})), {literal(pattern)}, [{names}])"
    signs = "(part.sign || part.sign_behind_currency || part.end)"
    negative = ", ".join(map(literal, (*_NEGATIVE, "()")))
    digits = f"regexp_replace(part.whole, {literal(separator)}, '', 'g') || '.' || part.fraction"
    found = (
        f"case when part.whole = '' then null when {signs} in ('', '+') then {digits}"
        f" when {signs} in ({negative}) then '-' || {digits} end"
    )
    return f"list_transform([{parts}], lambda part: {found})[1]"
