"""Each step may run again: what Airflow retries gives the same marts as one undisturbed run."""

from datetime import UTC, datetime
from pathlib import Path

import ingestion
from leadmill import steps
from leadmill.settings import Home
from tests.nights import Company, content_hashes


def test_a_night_whose_every_step_is_retried_equals_an_undisturbed_night(
    company: Company, once: Path, tmp_path: Path
) -> None:
    home, sources = Home(path=tmp_path), ingestion.read_sources(company.sources)
    night = steps.Night(home, sources, datetime.fromisoformat(company.as_ofs[-1]), datetime.now(UTC))

    for source in [source.name for source in sources.sources] * 2:
        steps.extract(night, source, print)
    for name in steps.STEPS:
        steps.run(name, night, print)
        steps.run(name, night, print)

    assert content_hashes(tmp_path) == content_hashes(once)
