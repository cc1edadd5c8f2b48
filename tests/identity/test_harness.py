"""A night of the harness is a night of dbt."""

from datetime import UTC, timedelta

import duckdb
import pytest

from leadmill import transformation
from leadmill.settings import Home
from tests.identity.company import Company, read


@pytest.mark.xdist_group("identity")
def test_the_harness_does_what_dbt_does(company: Company, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = Home(path=tmp_path_factory.mktemp("home"))
    for night in range(3):
        company.contact("C1", email="sato@acme.co.jp", name="佐藤 花子", merged_into="C2" if night == 1 else None)
        company.contact("C2", email="suzuki@acme.co.jp", name="鈴木 一郎")
        company.person(f"P{night}", email="sato@acme.co.jp", name="佐藤 花子", phone="090-8765-4321")
        company.person(f"Q{night}", phone="090-8765-4321", name="佐藤 花子", company="㈱アクメ")
        company.login("laptop", f"C{night % 2 + 1}", company.now - timedelta(hours=night))
        company.form("laptop", "info@acme.co.jp")

        here = company.night()
        company.warehouse.save_raw(home.warehouse)
        transformation.build(
            "identity",
            home,
            here.as_of.replace(tzinfo=UTC),
            business_timezone="Asia/Tokyo",
            reporting_currency="JPY",
            full_refresh=False,
            progress=print,
        )
        with duckdb.connect(str(home.warehouse), read_only=True) as connection:
            there = read(lambda sql, of=connection: of.execute(sql).fetchall(), here.as_of)

        assert there.shape == here.shape
        told = [(change.changed_at, change.change, change.record_key) for change in there.changes]
        assert told == [(change.changed_at, change.change, change.record_key) for change in here.changes]
