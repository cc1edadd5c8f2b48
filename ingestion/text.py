"""Text files as whole lines of UTF-8 ended by line feeds, whatever their compression, encoding and line ends were.

Bytes that are not of the encoding become a mark and their hexadecimal value, so that one broken row does not cost the
others; the loader sets rows with a mark aside.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

BLOCK_BYTES = 1 << 20
_BUFFER_BYTES = 4 << 20
MARK = "\ufdd0"  # a Unicode noncharacter: never in real text, and harmless in a JSON string
_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
# No text holds these four in a row, so a reader of CSV files that splits at them reads whole lines.
_NO_DELIMITER = "\x1f\x1e\x1d\x1c"


def _marked(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(f"{MARK}<{byte:02x}>" for byte in error.object[error.start : error.end]), error.end


codecs.register_error("leadmill_mark", _marked)


def byte_blocks(path: Path) -> Iterator[bytes]:
    """Yield a file's content, decompressed as its suffix says.

    Raises:
        OSError: the file can't be read, or its archive is cut or broken.
    """
    with pa.input_stream(str(path), compression=_COMPRESSIONS.get(path.suffix)) as stream:
        while block := stream.read(BLOCK_BYTES):
            yield block


class Utf8Lines:
    """Iterates over a text file in blocks of whole lines; afterwards knows whether the file stood so already."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._path = path
        self._is_utf8 = codecs.lookup(encoding).name in {"utf-8", "utf-8-sig", "ascii"}
        self._codec = "utf-8-sig" if self._is_utf8 else encoding  # a byte order mark is tolerated
        self.is_plain = True  # the file itself is UTF-8 with line feeds (a byte order mark may stand before)

    def __iter__(self) -> Iterator[bytes]:
        has_marks, rest = False, b""
        decoder = io.IncrementalNewlineDecoder(
            codecs.getincrementaldecoder(self._codec)(errors="leadmill_mark"), translate=True
        )
        for text in self._texts(decoder):
            has_marks = has_marks or MARK in text
            whole, newline, rest_of_block = text.encode().rpartition(b"\n")
            if newline:
                yield rest + whole + newline
                rest = rest_of_block
            else:
                rest += rest_of_block
        if rest:
            yield rest
        self.is_plain = self._is_utf8 and not has_marks and decoder.newlines in {None, "\n"}

    def _texts(self, decoder: io.IncrementalNewlineDecoder) -> Iterator[str]:
        for block in byte_blocks(self._path):
            yield decoder.decode(block)
        yield decoder.decode(b"", final=True)


def lines_sql(files: str, longest_line: int) -> str:
    """Return SQL that reads text files as columns `line`, `file_index` and `ordinality`, counted over all files.

    Args:
        files: an SQL expression, a list of paths.
        longest_line: bytes of their longest line. The reader's buffers are made for it: the lines of a buffer are
            worked on together, so that larger ones cost many times their size while JSON is taken apart.
    """
    size = max(_BUFFER_BYTES, 2 * longest_line)
    return (
        f"read_csv({files}, columns = {{'line': 'VARCHAR'}}, delim = '{_NO_DELIMITER}', quote = '', escape = '',"
        " header = false, auto_detect = false, new_line = '\\n',"
        f" max_line_size = {size}, buffer_size = {size}) with ordinality"
    )
