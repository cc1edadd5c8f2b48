"""Files as nobody should deliver them: each is made from a kind, a damage and a seed."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.contract import Stream, systems
from ingestion.text import MARK, NO_TEXT

MAPPED = {"csv": "utf-8", "cp932": "cp932", "jsonl": "utf-8", "parquet": "utf-8"}  # folders of `system: files`
COLUMNS = ["id", "at", "mail", "note"]  # of a mapped file; the last is in no mapping
_PLAIN = ["7", "2026-01-31", "2026-01-31T03:04:05Z", "a@example.com", "山田", "1,234", "true", "x"]
_NASTY = [
    *("", " ", '"', '""', 'a"b', '"a', "a,b", "a\nb", "a\r\nb", "\r", "\n\n", "\x00", "a\x00b", "\\", "\\N", "null"),
    *("=1+1", "@SUM(A1:A9)", "+81", "-1", "=cmd|' /C calc'!A0", "nan", "1e999", "9" * 400, "12.5", "0000-00-00"),
    *("2026-13-45", "99999-01-01", "令和8年11月20日", "\ufeff", "\u2028", "\x85", "\x0b\x0c", "\x1a", NO_TEXT, MARK),
    *("\U0001f600", "\u202e", "é", "é", "';drop table raw.files__lead;--", "{", "[1,", '{"a": 1}', "$.a", "%s"),
]
_HUGE = 300_000


class Malformed(NamedTuple):
    """One file."""

    name: str  # below the company's folder; the first part is its source
    content: bytes
    is_untouched: bool  # well-formed, so that it must be loaded


class Kind(NamedTuple):
    """A stream in one of its formats."""

    source: str
    format: str
    stream: str
    path: str  # with a {} for a number


def kinds() -> list[Kind]:
    """Return every mapped form and every stream of every connector that is read as JSON or as plain CSV."""
    found = [Kind(name, "csv" if name == "cp932" else name, name, f"{name}/{{}}.txt") for name in MAPPED] * 4
    for name, system in systems().items():
        for stream_name, stream in system.streams.items():
            formats = stream.format if isinstance(stream.format, list) else [stream.format]
            is_plain = not (stream.section or stream.furniture or stream.skip_lines)
            for form in formats:
                if stream.files and is_plain and form is not None:
                    path = stream.files.removesuffix("*.jsonl").removesuffix(".jsonl").removesuffix("*")
                    suffix = {"api_pages": "jsonl"}.get(form, form)
                    number = "n{}/" if stream.files == path + ".jsonl" else ""
                    end = "" if number else "{}"
                    found.append(Kind(name, form, stream_name, f"{name}/{number}{path}{end}.{suffix}"))
    return found


def text(chance: Random) -> str:
    """Return a value."""
    which = chance.random()
    if which < 0.002:
        return chance.choice('x"山\n') * chance.randrange(_HUGE)
    return chance.choice(_PLAIN if which < 0.7 else _NASTY)


def value(chance: Random, depth: int = 0) -> Any:
    """Return a JSON value of any type."""
    which = chance.random()
    if which < 0.6 or depth > 3:
        return text(chance)
    if which < 0.8:
        return chance.choice([None, True, False, 0, -1, 2**63, 2**200, 1.5, 1e300, 1_790_000_000_000, "\ud800"])
    if which < 0.9:
        return [value(chance, depth + 1) for _ in range(chance.randrange(3))]
    return {text(chance): value(chance, depth + 1) for _ in range(chance.randrange(3))}


def _csv(chance: Random, kind: Kind, is_good: bool) -> bytes:
    columns = COLUMNS if kind.source in MAPPED else list(_connector_stream(kind).columns)
    encoding = MAPPED.get(kind.source, "utf-8")
    rows = [[text(chance) for _ in columns] for _ in range(chance.randrange(8))]
    file = io.StringIO()
    if is_good or chance.random() < 0.4:
        csv.writer(file, lineterminator=chance.choice(["\n", "\r\n"])).writerows([columns, *rows])
    else:
        ends = chance.choice([["\n"], ["\r\n"], ["\r"], ["\n", "\r\n", "\r", "\n\n"]])
        for row in [columns, *rows]:
            wrong = chance.choice([row, row, row[:-1], [*row, "x"], []]) if row is not columns else row
            file.write(",".join(wrong) + chance.choice(ends))
    return file.getvalue().encode(encoding, errors="replace")


def _record(chance: Random, kind: Kind) -> Any:
    if chance.random() < 0.05:
        return value(chance)
    paths = COLUMNS if kind.source in MAPPED else [c.path or n for n, c in _connector_stream(kind).columns.items()]
    record: dict[str, Any] = {"unknown": value(chance)} if chance.random() < 0.3 else {}
    for path in paths:
        *parents, name = path.split(".")
        place = record
        for parent in parents:
            inner = place.setdefault(parent, {})
            place = inner if isinstance(inner, dict) else {}
        if chance.random() < 0.9:
            place[name] = value(chance)
    return record


def _dumped(chance: Random, content: Any) -> str:
    """Return JSON, at times with something in it that JSON does not have, or has seldom."""
    told = json.dumps(content, ensure_ascii=chance.random() < 0.5, separators=chance.choice([(",", ":"), (", ", ": ")]))
    which = chance.random()
    if which < 0.02:
        deep = chance.choice([60, 600, 20_000])
        return told.replace('"x"', "[" * deep + "]" * (deep - (chance.random() < 0.3)))
    if which < 0.06:
        return told.replace(
            '"x"', chance.choice(["NaN", "Infinity", "1e400", "01", "'x'", "\\u0000", '"\\ud800"', "\x00"])
        )
    if which < 0.1:
        return chance.choice([told[: chance.randrange(len(told))], told + "}", told * 2, "", " ", "null", "// x"])
    return told


def _jsonl(chance: Random, kind: Kind, is_good: bool) -> bytes:
    records = [_record(chance, kind) for _ in range(chance.randrange(6))]
    lines = [json.dumps(record) if is_good else _dumped(chance, record) for record in records]
    return _joined(chance, lines, is_good)


def _pages(chance: Random, kind: Kind, is_good: bool) -> bytes:
    key = str(_connector_stream(kind).records)
    lines = []
    for _ in range(chance.randrange(4)):
        records: Any = [_record(chance, kind) for _ in range(chance.randrange(5))]
        if not is_good and chance.random() < 0.1:
            records = value(chance)
        page = {
            chance.choice(["other", key]) if not is_good and chance.random() < 0.05 else key: records,
            "more": False,
        }
        lines.append(json.dumps(page) if is_good else _dumped(chance, page))
    return _joined(chance, lines, is_good)


def _joined(chance: Random, lines: list[str], is_good: bool) -> bytes:
    ends = ["\n"] if is_good else ["\n", "\n", "\r\n", "\n\n"]
    return "".join(line + chance.choice(ends) for line in lines).encode(errors="surrogatepass")


def _parquet(chance: Random, kind: Kind, is_good: bool) -> bytes:
    columns = COLUMNS if kind.source in MAPPED else [n for n, c in _connector_stream(kind).columns.items()]
    rows = chance.randrange(6)
    types: list[Callable[[], Any]] = [
        lambda: text(chance),
        lambda: chance.randrange(10**6),
        chance.random,
        lambda: None,
        lambda: [1],
        lambda: {"a": "x"},
        lambda: b"\xff\x00",
        lambda: True,
    ]
    made = types[:1] if is_good else types
    makers = {name: chance.choice(made) for name in columns}
    arrays = {name: [make() for _ in range(rows)] for name, make in makers.items()}
    file = io.BytesIO()
    pq.write_table(pa.table(arrays), file, compression=chance.choice(["snappy", "zstd", "none"]))
    return file.getvalue()


def _connector_stream(kind: Kind) -> Stream:
    return systems()[kind.source].streams[kind.stream]


_FORMATS: dict[str, Callable[[Random, Kind, bool], bytes]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "api_pages": _pages,
    "parquet": _parquet,
}


def _damaged(chance: Random, content: bytes) -> bytes:
    at = chance.randrange(len(content) + 1)
    noise = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 20)))
    return chance.choice(
        [
            content[:at],
            content[at:],
            content[:at] + noise + content[at:],
            content[:at] + noise + content[at + len(noise) :],
            content[:at] + b"\x00" * chance.randrange(1, 9) + content[at:],
            content[:at] + b'"' + content[at:],
            b"\xef\xbb\xbf" + content,
            content.decode(errors="replace").encode("utf-16"),
            content.decode(errors="replace").encode("cp932", errors="replace"),
            content.decode(errors="replace").encode("latin-1", errors="replace"),
            b"",
            content + content,
        ]
    )


def _packed(chance: Random, content: bytes) -> tuple[str, bytes]:
    suffix = chance.choice([".gz", ".zst"])
    packed = gzip.compress(content) if suffix == ".gz" else pa.compress(content, codec="zstd", asbytes=True)
    at = chance.randrange(len(packed))
    return suffix, chance.choice([packed, packed, packed, packed[:at], packed + b"rest", content, packed + packed])


def made(kind: Kind, damage: str, number: int, seed: bytes) -> Malformed:
    """Make a file.

    Args:
        kind: of which stream.
        damage: none, values (unusual but of the format), bytes or archive.
        number: for its name.
        seed: of all that is left to chance.
    """
    chance = Random(seed)  # noqa: S311
    content = _FORMATS[kind.format](chance, kind, damage == "none")
    suffix = ""
    if damage == "bytes":
        content = _damaged(chance, content)
    if damage == "archive":
        suffix, content = _packed(chance, content)
    return Malformed(kind.path.format(number) + suffix, content, damage == "none")
