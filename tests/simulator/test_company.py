"""The same arguments give the same bytes; nothing is overwritten; volume follows scale."""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from leadmill.errors import InputError
from simulator import simulate
from simulator.world import Parameters, world


def _simulate(folder: Path, **changes: Any) -> Path:
    arguments = {"days": 35, "seed": 4, "scale": 0.1, "start": date(2026, 1, 1), "nights": 1} | changes
    simulate(folder, **arguments, progress=lambda _: None)
    return folder


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_same_arguments_give_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first = _digests(_simulate(tmp_path / "first"))
    second = _digests(_simulate(tmp_path / "second"))
    other = _digests(_simulate(tmp_path / "other", seed=5))

    assert first == second
    assert first["exports/hubspot/2026-02-03/contacts.jsonl"] != other["exports/hubspot/2026-02-03/contacts.jsonl"]


def test_simulation_tells_what_was_made(company: Path) -> None:
    made = json.loads((company / "simulation.json").read_text())

    assert (made["seed"], made["days"], made["scale"], made["start"], made["end"]) == (
        *(1, 365, 1),
        *("2025-11-01", "2026-11-01"),
    )
    assert made["as_of"] == "2026-11-01T00:00:00+09:00"
    assert made["counts"]["journeys"] > 0


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")

    with pytest.raises(InputError, match="not an empty folder"):
        _simulate(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("changes", "message"), [({"nights": 35}, "at least one day"), ({"days": 0}, "at least"), ({"scale": 0}, "scale")]
)
def test_numbers_that_make_no_company_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        _simulate(tmp_path / "none", **changes)
    assert not (tmp_path / "none").exists()


def test_one_day_is_a_company(tmp_path: Path) -> None:
    folder = _simulate(tmp_path / "day", days=1, nights=0, scale=0.01)

    assert [path.name for path in (folder / "exports" / "hubspot").iterdir()] == ["2026-01-01"]


def test_volume_follows_scale(tmp_path: Path) -> None:
    def rows(scale: float) -> dict[str, int]:
        parameters = Parameters(days=90, seed=2, scale=scale, start=date(2026, 1, 1), nights=1)
        scratch = tmp_path / str(scale)
        scratch.mkdir()
        with world(parameters, scratch, lambda _: None) as connection:
            return {
                name: connection.execute(f"select count(*) from {name}").fetchall()[0][0]
                for name in ("people", "hits", "email_events", "contacts")
            }

    small, large = rows(0.5), rows(2)

    assert {name: pytest.approx(large[name] / small[name], rel=0.2) for name in small} == dict.fromkeys(small, 4)
