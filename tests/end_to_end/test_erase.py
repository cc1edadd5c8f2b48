"""`leadmill erase` on the sample company: three persons go everywhere, nobody else changes, and they stay away."""

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from ingestion.erasure import search
from leadmill.settings import Home
from tests.nights import Company, leadmill, query_warehouse, run_night


class Erased(NamedTuple):
    """A home after an erasure, and a night later, in which the persons were delivered again."""

    home: Path
    person_ids: list[str]
    records: int  # of the persons
    texts: set[str]
    told: dict[str, Any]
    published_before: dict[str, list[tuple[Any, ...]]]
    published_after: dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def erased(company: Company, once: Path, tmp_path_factory: pytest.TempPathFactory) -> Erased:
    home, folder = tmp_path_factory.mktemp("erased") / "home", tmp_path_factory.mktemp("delivered") / "sample"
    shutil.copytree(once, home, symlinks=True)
    shutil.copytree(company.folder, folder)
    persons = {
        address: person_id
        for kinds in (
            "list_has_all(kinds, ['contact', 'lead']) and browsers > 0",  # of HubSpot and Salesforce, with a browser
            "kinds = ['attendee']",  # of Zoom only
            "kinds = ['contact', 'subscriber'] and browsers = 0",  # of HubSpot only
        )
        for person_id, address, *_ in query_warehouse(home, _PERSON.format(kinds=kinds))
    }
    assert len(persons) == 3
    ids = tuple(persons.values())
    owned = query_warehouse(home, f"select record_type, record_id from identity.record_person where person_id in {ids}")
    addresses = [part for address in persons for part in ("--email", address)]
    before = _published(home)

    told = leadmill("erase", *addresses, "--home", home, "--json")

    assert told.exit_code == 0, told.output + repr(told.exception)
    after = _published(home)
    nights = sorted((folder / "exports" / "hubspot").iterdir())
    again = nights[-1] / "again"
    again.mkdir()
    for name in ("contacts.jsonl", "email_events_001.jsonl"):
        shutil.copy(nights[0] / name, again / name)
    run_night(home, folder / "sources.yml", company.as_ofs[-1])
    records = sum(kind != "anonymous_id" for kind, _ in owned)
    return Erased(home, list(ids), records, {text for _, text in owned}, json.loads(told.stdout), before, after)


_PERSON = """
    with browsers as (select person_id, count(*) as browsers from identity.browser_owners group by 1)
    select person_id, min(email), list_sort(list_distinct(list(record_type))) as kinds,
        coalesce(any_value(browsers), 0) as browsers
    from intermediate.int_identity__persons left join browsers using (person_id)
    group by person_id
    having {kinds} and count(distinct lower(email)) = 1
    order by count(*) desc, person_id
    limit 1
"""


def test_nothing_of_them_is_in_any_byte(erased: Erased) -> None:
    assert search.search(Home(path=erased.home), erased.texts).found == {}
    assert erased.told["persons"] == len(erased.person_ids)
    assert erased.told["searched"] > 0


def test_raw_of_all_others_is_as_it_was(once: Path, erased: Erased) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{once}/warehouse.duckdb' as was (read_only)")
        connection.execute(f"attach '{erased.home}/warehouse.duckdb' as now (read_only)")
        tables = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'was' and schema_name = 'raw'"
        ).fetchall()
        new = {
            table: connection.execute(
                # Delivered again under another name: told apart by the file alone.
                f"select * exclude (_row_number) from now.raw.\"{table}\" where not contains(_file, 'again/')"
                f' except all select * exclude (_row_number) from was.raw."{table}"'
            ).fetchall()
            for (table,) in tables
        }
        assert [table for table, rows in new.items() if rows] == []
        [(gone, erased_rows)] = connection.execute(
            "select (select sum(rows_loaded) from was.ops.files) - sum(rows_loaded), sum(rows_erased)"
            " from now.ops.files where not contains(file, 'again/')"
        ).fetchall()
        assert gone == erased_rows > 0


def test_every_row_is_accounted_for(erased: Erased) -> None:
    broken = "select file from ops.files where rows_in <> rows_loaded + rows_quarantined + rows_erased"
    assert query_warehouse(erased.home, broken) == []
    again = "select sum(rows_erased) from ops.files where contains(file, 'again/')"
    assert query_warehouse(erased.home, again)[0][0] > 0


def test_published_versions_forget_them_and_nobody_else(erased: Erased) -> None:
    for table, rows in erased.published_before.items():
        kept = [row for row in rows if not {str(value) for value in row} & set(erased.person_ids)]
        assert erased.published_after[table] == kept, table
        assert len(kept) < len(rows) or table == "fct_step_mail_enrolments"


def test_next_night_does_not_know_them(erased: Erased) -> None:
    ids = tuple(erased.person_ids)
    query = f"select count(*) from identity.record_person where person_id in {ids}"
    assert query_warehouse(erased.home, query) == [(0,)]
    assert (
        query_warehouse(
            erased.home,
            f"select change, new_person_id from identity.person_changes where old_person_id in {ids}",
        )
        == [("erased", None)] * erased.records
    )


def test_ids_of_all_others_stay(once: Path, erased: Erased) -> None:
    query = "select record_id, person_id from identity.record_person where record_type <> 'anonymous_id' order by all"
    before = [row for row in query_warehouse(once, query) if row[1] not in erased.person_ids]

    assert query_warehouse(erased.home, query) == before


def test_shared_mailbox_is_told(erased: Erased) -> None:
    [(address, persons)] = query_warehouse(
        erased.home,
        """
        select addresses.email, count(distinct person_id) as persons
        from intermediate.int_identity__persons
        join intermediate.int_canonical__person_addresses as addresses using (record_key)
        group by addresses.email
        order by persons desc, addresses.email
        limit 1
        """,
    )

    told = leadmill("erase", "--email", address, "--home", erased.home, "--dry-run", "--json")

    assert persons > 1
    assert json.loads(told.stdout)["left"] == [
        f"the address is shared by {persons} persons: what carries it goes, their other records stay"
    ]


def _published(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    marts = home / "published" / "current" / "marts.duckdb"
    tables = ("dim_person", "fct_email_messages", "fct_lead_lifecycle", "fct_seminar_attendance", "fct_sessions")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{marts}' as served (read_only)")
        return {table: connection.execute(f"from served.marts.{table}").fetchall() for table in tables}
