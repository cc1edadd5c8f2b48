"""Count the lines and records of a text file from its bytes, apart from the SQL that loads them."""

from __future__ import annotations

import numpy as np

from ingestion.text import MARK, has_marks
from leadmill.errors import InputError

_MARK = MARK.encode()
_QUOTE, _NEWLINE = b'"'[0], b"\n"[0]
_LEAD_BYTE = 0xC0  # the first byte of any character of UTF-8 that is not ASCII is at least this
_FEW_BYTES = 10  # so few undecodable bytes are broken rows, not another encoding
_SURE_BYTES = 10_000  # so many are enough to judge a large file by its beginning
_RECORD_LINES = 1000  # a quoted text longer than this is a quote that nobody closed


class LineCount:
    """Counts blocks of whole lines, without a Python step per line.

    A record ends at a newline outside quotes; blank lines are no records.
    """

    def __init__(self, told: str, encoding: str, *, lines: int = 0, has_quotes: bool = False) -> None:
        """Start counting.

        Args:
            told: the file's name for messages.
            encoding: the encoding that the file should have, for messages.
            lines: lines that were read already (a header).
            has_quotes: newlines inside double quotes are text, as in CSV.
        """
        self.lines = lines
        self.longest_line = 0  # bytes
        self.quoted_newlines = 0
        self._told = told
        self._encoding = encoding
        self._has_quotes = has_quotes
        self._ended_records = 0
        self._is_record_open = False
        self._is_inside_quotes = False
        self._record_line = lines  # the line before the current record's first
        self.undecodable_bytes = 0
        self._undecodable_lines = 0
        self._other_characters = 0  # that are not ASCII

    @property
    def records(self) -> int:
        """Records so far, the last one also when nothing ends it."""
        return self._ended_records + self._is_record_open

    def take(self, block: bytes) -> None:
        """Count a block.

        Raises:
            InputError: the text is of another encoding, or a quote is never closed.
        """
        content = np.frombuffer(block, np.uint8)
        newlines = ends = np.flatnonzero(content == _NEWLINE)
        starts_record = not self._is_inside_quotes
        if self._has_quotes and (self._is_inside_quotes or b'"' in block):
            quotes = np.flatnonzero(content == _QUOTE)
            is_end = (np.searchsorted(quotes, newlines) + self._is_inside_quotes) % 2 == 0
            ends = newlines[is_end]
            self.quoted_newlines += len(newlines) - len(ends)
            self._is_inside_quotes = bool((len(quotes) + self._is_inside_quotes) % 2)
        blanks = np.count_nonzero(np.diff(ends) == 1) + int(starts_record and block.startswith(b"\n"))
        self._ended_records += len(ends) - int(blanks)
        has_end = bool(len(ends)) and int(ends[-1]) == len(block) - 1
        self._is_record_open = not has_end
        self._check_record_length(newlines, ends)
        gaps = np.diff(newlines, prepend=-1, append=len(block))
        self.longest_line = max(self.longest_line, int(gaps.max()))
        self.lines += len(newlines) + (not block.endswith(b"\n"))
        if block.isascii():
            return
        self._other_characters += int(np.count_nonzero(content >= _LEAD_BYTE))
        if has_marks(block):
            self.undecodable_bytes += block.count(_MARK)
            self._undecodable_lines += sum(_MARK in line for line in block.split(b"\n"))
            if self.undecodable_bytes > _SURE_BYTES:
                self.check_encoding()

    def _check_record_length(self, newlines: np.ndarray, ends: np.ndarray) -> None:
        lines_at_ends = np.arange(1, len(newlines) + 1) if ends is newlines else np.searchsorted(newlines, ends) + 1
        at_ends = np.concatenate(([self._record_line], self.lines + lines_at_ends, [self.lines + len(newlines)]))
        too_long = np.flatnonzero(np.diff(at_ends) > _RECORD_LINES)
        if too_long.size:
            line = int(at_ends[too_long[0]]) + 1
            raise InputError(f"{self._told}:{line}: a quote is opened here and never closed; mend or remove it")
        self._record_line = int(at_ends[-2])

    def check_encoding(self) -> None:
        """Judge what was read so far.

        Raises:
            InputError: the text is of another encoding: more than a few rows are broken.
        """
        is_most = self.undecodable_bytes * 2 > self._other_characters
        if self.undecodable_bytes > _FEW_BYTES and is_most and self._undecodable_lines * 10 > self.lines:
            raise InputError(f"{self._told}: the text is not {self._encoding}; set the `encoding` that the file has")
