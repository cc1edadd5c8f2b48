"""Every file delivered one to three times, in any order, over any nights: raw is the same."""

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from leadmill.settings import Home
from tests.ingestion.deliveries import CARDS, HUBSPOT, Company

FILES = {
    "cards/2026-10-25/a.csv": "id,day,mail\n1,2026-01-31,a@example.com\n2,broken,b@example.com\n",
    "cards/2026-10-25/b.csv": 'id,day,mail\n3,2026-01-31,"c\n@example.com"\n',
    "cards/2026-10-26/a.csv": "id,day,mail\n1,2026-02-28,new@example.com\n",
    **{
        f"hubspot/2026-10-{day}/contacts.jsonl": json.dumps(
            {"results": [{"id": str(n), "createdAt": "2026-10-01T00:00:00Z", "updatedAt": f"2026-10-{day}T00:00:00Z"}]}
        )
        + "\n"
        for n, day in enumerate((24, 25, 26))
    },
}
# Each file once, twice or three times, shuffled, and after which deliveries a night is run.
plans = st.lists(st.integers(1, 3), min_size=len(FILES), max_size=len(FILES)).flatmap(
    lambda times: st.tuples(
        st.permutations([name for name, count in zip(FILES, times, strict=True) for _ in range(count)]),
        st.sets(st.integers(1, sum(times))),
    )
)


def raw_after(deliveries: list[str], nights: set[int]) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that was loaded, set aside and entered, but for the time at which it was."""
    with tempfile.TemporaryDirectory() as folder:
        company = Company(Path(folder) / "company", Home(path=Path(folder) / "home"))
        for name in ("cards", "hubspot"):
            (company.folder / name).mkdir(parents=True)
        sources = company.sources(CARDS, HUBSPOT)
        for number, name in enumerate(deliveries, start=1):
            company.deliver({name: FILES[name]})
            if number in nights or number == len(deliveries):
                company.run(sources)
        return {
            "leads": sorted(company.query("select * exclude (_loaded_at) from raw.files__lead"), key=repr),
            "contacts": sorted(company.query("select * exclude (_loaded_at) from raw.hubspot__contacts"), key=repr),
            "aside": sorted(company.query("select * exclude (quarantined_at) from ops.quarantine"), key=repr),
            "files": sorted(company.query("select source, file, sha256, rows_in, rows_loaded from ops.files")),
        }


ONCE = list(FILES), {len(FILES)}


@settings(max_examples=8, deadline=None)
@given(plan=plans)
def test_any_number_of_deliveries_in_any_order_gives_the_same_raw(plan: tuple[list[str], set[int]]) -> None:
    assert raw_after(*plan) == raw_after(*ONCE)
