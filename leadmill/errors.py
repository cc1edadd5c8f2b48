"""The one family of errors; each message says what is wrong, where, and what to do."""

from __future__ import annotations


class LeadmillError(Exception):
    """A fault of the run (exit code 1): a second writer, a full disk, a model that does not build."""

    exit_code = 1


class InputError(LeadmillError):
    """Bad configuration or input (exit code 2): the message names file, line, field and what is allowed."""

    exit_code = 2


class GateRefused(LeadmillError):
    """A quality gate refused the build (exit code 3): the marts that were published stay."""

    exit_code = 3
