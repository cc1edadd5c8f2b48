"""Two hundred malformed files of all formats: no crash, no silent loss."""

import pytest

from tests.malformed.run import run

pytestmark = pytest.mark.faults


def test_malformed_files_are_refused_or_accounted_for() -> None:
    counts = run(cases=200, first=1)

    assert min(counts[what] for what in ("files loaded", "files refused", "rows loaded", "rows set aside")) > 0
