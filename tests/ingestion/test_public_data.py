"""Two public data sets load with the sources files that the documentation shows; skipped where they are absent."""

import os
import shutil
from pathlib import Path

import pytest

import ingestion
from tests.ingestion.deliveries import Company

REPOSITORY = Path(__file__).parents[2]
DATA = Path(os.environ.get("LEADMILL_PUBLIC_DATA", REPOSITORY.parent / "shared" / "data"))


def load(company: Company, name: str) -> None:
    """Load a data set by its example, which looks for the data beside itself."""
    if not (DATA / name).is_dir():
        pytest.skip(f"no {name} in {DATA}; LEADMILL_PUBLIC_DATA names the folder that has it")
    (company.folder / name).symlink_to(DATA / name)
    shutil.copy(REPOSITORY / "docs" / "examples" / f"{name}.sources.yml", company.folder)
    company.run(ingestion.read_sources(company.folder / f"{name}.sources.yml"))
    assert ingestion.quarantine(company.home) == []


def test_olist(company: Company) -> None:
    load(company, "olist")

    assert company.query("select count(*), count(distinct lead_id), count(mql_at) from raw.files__lead") == [
        (8000,) * 3
    ]
    won = "select count(*), count(closed_at), min(stage), min(currency) from raw.files__opportunity"
    assert company.query(won) == [(842, 842, "won", "BRL")]
    joined = (
        "select count(*) from raw.files__opportunity join raw.files__lead using (lead_id) where channel is not null"
    )
    assert company.query(joined)[0][0] > 800


def test_crm_sales(company: Company) -> None:
    load(company, "crm_sales")

    stages = "select stage, count(*), sum(amount)::bigint from raw.files__opportunity group by stage order by stage"
    assert company.query(stages) == [
        ("Engaging", 1589, None),
        ("Lost", 2473, 0),
        ("Prospecting", 500, None),
        ("Won", 4238, 10005534),
    ]
    assert company.query("select count(*), count(parent_ref) from raw.files__account") == [(85, 15)]
    assert company.query("select count(*) from raw.files__owner") == [(35,)]
