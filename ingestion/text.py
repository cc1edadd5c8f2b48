"""Text files as whole lines of UTF-8 ended by line feeds, whatever their compression, encoding and line ends were.

Bytes that are not of the encoding become a mark and their hexadecimal value, so that one broken row does not cost the
others; the loader sets rows with a mark aside.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa

BLOCK_BYTES = 1 << 20
_BUFFER_BYTES = 4 << 20
MARK = "\ufdd0"  # a Unicode noncharacter: never in real text, and harmless in a JSON string
_MARK = MARK.encode()
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
# No text that reaches the loader holds these four in a row, so a reader of CSV files that splits at them reads whole
# lines. Where a file has them all the same, they are marked as bytes of no encoding.
NO_TEXT = "\x1f\x1e\x1d\x1c"
_NO_TEXT = NO_TEXT.encode()
_MARKED_NO_TEXT = "".join(f"{MARK}<{ord(character):02x}>" for character in NO_TEXT).encode()


def _marked(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(f"{MARK}<{byte:02x}>" for byte in error.object[error.start : error.end]), error.end


codecs.register_error("leadmill_mark", _marked)


class Source(Protocol):
    """An opened file."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, none at the end."""


def byte_blocks(path: Path, source: Source | None = None) -> Iterator[bytes]:
    """Yield a file's content, decompressed as its suffix says.

    Args:
        path: the file.
        source: the same, opened, when it is to be read through that.

    Raises:
        OSError: the file can't be read, or its archive is cut or broken.
    """
    if source is None:
        with path.open("rb", buffering=0) as file:
            yield from byte_blocks(path, file)
        return
    compression = COMPRESSIONS.get(path.suffix)
    stream = pa.CompressedInputStream(pa.PythonFile(source, "r"), compression) if compression else source
    while block := stream.read(BLOCK_BYTES):
        yield block
    if compression and path.stat().st_size == 0:
        raise OSError("the archive is empty")  # even one of nothing has a head


class Utf8Lines:
    """Iterates over a text file in blocks of whole lines; afterwards knows whether the file stood so already."""

    def __init__(self, path: Path, encoding: str, source: Source | None = None) -> None:
        """Prepare.

        Args:
            path: the file.
            encoding: the encoding that it should have.
            source: the same file, opened, when it is to be read through that.
        """
        self._path = path
        self._source = source
        self._is_utf8 = codecs.lookup(encoding).name in {"utf-8", "utf-8-sig", "ascii"}
        self._encoding = "utf-8" if self._is_utf8 else encoding
        self.is_plain = self._is_utf8  # the file is UTF-8 with line feeds (a byte order mark may stand before)

    def __iter__(self) -> Iterator[bytes]:
        blocks = byte_blocks(self._path, self._source)
        if self._is_utf8:
            blocks = _whole_lines(_without_byte_order_mark(blocks))
            for block in blocks:
                if not _is_plain(block):
                    self.is_plain = False
                    blocks = chain([block], blocks)
                    break
                yield block
        for block in _whole_lines(self._decoded(blocks)):
            yield block.replace(_NO_TEXT, _MARKED_NO_TEXT)

    def _decoded(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        decoder = io.IncrementalNewlineDecoder(
            codecs.getincrementaldecoder(self._encoding)(errors="leadmill_mark"), translate=True
        )
        for block in blocks:
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()


def _without_byte_order_mark(blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield next(blocks, b"").removeprefix(codecs.BOM_UTF8)
    yield from blocks


def _whole_lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Cut blocks anew, so that each but the last ends with a line; those with carriage returns stay to be decoded."""
    rest: list[bytes] = []
    for block in blocks:
        if b"\r" in block:
            yield b"".join([*rest, block])
            rest = []
            continue
        whole, newline, rest_of_block = block.rpartition(b"\n")
        if newline:
            yield b"".join([*rest, whole, newline])
            rest = []
        rest.append(rest_of_block)
    if last := b"".join(rest):
        yield last


def _is_plain(block: bytes) -> bool:
    """Return whether whole lines are UTF-8 without carriage returns and marks, and nothing else that is marked."""
    if b"\r" in block or _NO_TEXT in block:
        return False
    if block.isascii():
        return True
    # Arrow checks some ten times as fast as Python decodes.
    ends = np.array([0, len(block)], np.int64)
    try:
        pa.LargeStringArray.from_buffers(1, pa.py_buffer(ends), pa.py_buffer(block)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return not has_marks(block)


def has_marks(block: bytes) -> bool:
    """Return whether a mark stands in a block; one byte is found much sooner than three."""
    return _MARK[:1] in block and _MARK in block


def lines_sql(files: str, longest_line: int) -> str:
    """Return SQL that reads text files as columns `line`, `file_index` and `ordinality`, counted over all files.

    Args:
        files: an SQL expression, a list of paths.
        longest_line: bytes of their longest line.
    """
    return (
        f"read_csv({files}, columns = {{'line': 'VARCHAR'}}, delim = '{NO_TEXT}', quote = '', escape = '',"
        f" header = false, auto_detect = false, new_line = '\\n', {buffers_sql(longest_line)}) with ordinality"
    )


def buffers_sql(longest_line: int) -> str:
    """Return the options of a reader of CSV files whose longest line has so many bytes.

    The lines of a buffer are worked on together, so that larger ones cost many times their size while JSON is taken
    apart.
    """
    size = max(_BUFFER_BYTES, 2 * longest_line)
    return f"max_line_size = {size}, buffer_size = {size}"
