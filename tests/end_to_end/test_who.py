"""`leadmill who` on the sample company: exit codes, what a program may read, and no personal data unless asked for."""

import json
from pathlib import Path

from tests.nights import leadmill, query_warehouse


def test_a_person_with_most_records_is_explained(once: Path) -> None:
    ((person_id, records, address, browsers),) = query_warehouse(
        once,
        """
        select persons.person_id, count(distinct persons.record_key), min(persons.email), count(distinct anonymous_id)
        from intermediate.int_identity__persons as persons
        join identity.browser_owners using (person_id)
        group by persons.person_id
        order by 2 desc, 1
        limit 1
        """,
    )

    told = leadmill("who", address, "--home", once, "--json")

    assert told.exit_code == 0, told.output
    person = json.loads(told.stdout)
    assert person["person_id"] == person_id
    assert len(person["records"]) == records
    assert len(person["chain"]) >= records - 1
    assert {row["is_current"] for row in person["accounts"]} <= {True, False}
    assert person["accounts"]
    assert len(person["browsers"]) == browsers
    assert person["changes"]
    assert address not in told.stdout
    assert address in leadmill("who", person_id, "--home", once, "--json", "--with-text").stdout


def test_nobody_ends_with_bad_input(once: Path) -> None:
    told = leadmill("who", "nobody@nowhere.example", "--home", once)

    assert told.exit_code == 2
    assert "Nobody is known by that" in told.stderr


def test_before_the_first_run_it_says_what_to_do(tmp_path: Path) -> None:
    told = leadmill("who", "1", "--home", tmp_path)

    assert told.exit_code == 2
    assert "leadmill nightly" in told.stderr
