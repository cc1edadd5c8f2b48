"""An erasure that is killed at any point is ended by running it again, as if nothing had happened."""

import shutil
import signal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

import serving
from identity.belongings import Belongings
from ingestion import landing
from ingestion.erasure import requests, search
from serving.publishing import Code
from tests.ingestion.deliveries import AS_OF, CARDS, HUBSPOT, Company, contact, page
from tests.ingestion.erasure.killing import erase_until

pytestmark = pytest.mark.faults

GONE = "taro.yamada@acme.co.jp"
PERSON = Belongings({GONE}, {("hubspot", "contact", "20000000151")}, person_ids={"p1"})
KILLS = 10


def state(home: Path) -> dict[str, Any]:
    """Return all that an erasure changes, but for times of files."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        tables = {
            name: connection.execute(f"from {name} order by all").fetchall()
            for name in ("raw.hubspot__contacts", "raw.files__lead", "ops.files", "ops.quarantine")
        }
    files = {str(path.relative_to(home)): path.read_bytes() for path in (home / "landing").rglob("*") if path.is_file()}
    marts = next((home / "published").glob("2*/marts.duckdb"))
    with duckdb.connect() as connection:
        connection.execute(f"attach '{marts}' as served (read_only)")
        tables |= {
            name: connection.execute(f"from served.marts.{name} order by all").fetchall()
            for name in ("dim_person", "fct_lead_lifecycle", "fct_opportunities")
        }
        tables["parquet"] = connection.execute(f"from '{marts.parent}/parquet/dim_person.parquet'").fetchall()
    return tables | files | {"manifest": (marts.parent / "manifest.json").read_text()}


@pytest.fixture
def home(company: Company) -> Path:
    """A home with two deliveries, and a published version that knows two persons."""
    for day in ("2026-10-01", "2026-10-02"):
        rows = "".join(f"{n},{day},{GONE if n == 3 else f'x{n}@acme.co.jp'}\n" for n in range(9))
        company.deliver({f"cards/{day}/a.csv": f"id,day,mail\n{rows}4,never,{GONE}\n"})
    company.deliver({"hubspot/contacts.jsonl": page(contact("20000000151", email=GONE), contact("152"))})
    company.run(company.sources(CARDS, HUBSPOT))
    with duckdb.connect(str(company.home.warehouse)) as connection:
        connection.execute(
            """
            create schema marts;
            create table marts.dim_person as select unnest(['p1', 'p2']) as person_id;
            create table marts.fct_lead_lifecycle as select 'l1' as lead_id, 'p1' as person_id;
            create table marts.fct_opportunities as select 'o1' as opportunity_id, 'l1' as lead_id, 'p1' as person_id;
            """
        )
    serving.publish(company.home, AS_OF, AS_OF, Code("1", "hash"), ZoneInfo("Asia/Tokyo"), lambda _: None)
    return company.home.path


def test_killed_at_any_point_and_run_again(company: Company, home: Path, tmp_path: Path) -> None:
    undisturbed, told = tmp_path / "undisturbed", tmp_path / "changes"
    shutil.copytree(home, undisturbed, symlinks=True)
    assert erase_until(undisturbed, PERSON, 0, told) == 0
    expected = state(undisturbed)
    changes = int(told.read_text())
    assert changes > KILLS

    for kill in range(KILLS):
        killed = tmp_path / f"killed-{kill}"
        shutil.copytree(home, killed, symlinks=True)
        assert erase_until(killed, PERSON, 1 + kill * (changes - 1) // (KILLS - 1), told) == -signal.SIGKILL

        assert erase_until(killed, PERSON, 0, told) == 0

        assert state(killed) == expected
        shutil.rmtree(killed)


def test_undisturbed(company: Company, home: Path, tmp_path: Path) -> None:
    assert erase_until(home, PERSON, 0, tmp_path / "changes") == 0

    found = state(home)
    assert found["dim_person"] == found["parquet"] == [("p2",)]
    assert found["fct_lead_lifecycle"] == []
    assert found["fct_opportunities"] == [("o1", None, None)]
    assert [row[0] for row in found["raw.hubspot__contacts"]] == ["152"]
    assert len(found["raw.files__lead"]) == 16
    assert not found["ops.quarantine"]
    assert requests.unfinished(company.home).hashes == set()
    assert search.search(company.home, {GONE, "20000000151"}).found == {}
    assert [manifest.rows for _, manifest in landing.manifests(company.home)] == [16, 1]
