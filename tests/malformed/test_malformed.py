"""Two hundred malformed files of all formats: no crash, no silent loss."""

from pathlib import Path

import pytest

from tests.malformed.checking import check
from tests.malformed.files import kinds, made
from tests.malformed.run import run

pytestmark = pytest.mark.faults


def test_malformed_files_are_refused_or_accounted_for() -> None:
    counts = run(cases=200, first=1)

    assert min(counts[what] for what in ("files loaded", "files refused", "rows loaded", "rows set aside")) > 0


def test_a_parquet_footer_that_points_behind_the_end_of_its_file(tmp_path: Path) -> None:
    parquet = next(kind for kind in kinds() if kind.source == "parquet")
    file = made(parquet, "bytes", 4, b"(\xd7\xee7\xdd2\x97\xc4")

    counts = check(tmp_path, [(parquet, file)])

    assert (counts["files loaded"], counts["rows loaded"]) == (1, 0)
    assert counts["rows set aside"] > 0
