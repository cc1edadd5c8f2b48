"""The sample company: its tools' raw exports, and the truth behind them beside."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import duckdb

from leadmill.errors import InputError
from simulator import truth
from simulator.exports import ga4, google_ads, hubspot, salesforce, spreadsheets, zoom_webinar
from simulator.exports.files import Mess
from simulator.world import SQL, Delivery, Parameters, Progress, set_variables, world


@dataclass(frozen=True)
class Simulation:
    """What was made; `simulation.json` says the same."""

    seed: int
    days: int
    scale: float
    start: str
    end: str
    as_of: str
    nights: int
    counts: dict[str, int]


def simulate(
    out: Path,
    *,
    days: int = 365,
    seed: int = 1,
    scale: float = 1.0,
    start: date = date(2025, 11, 1),
    nights: int = 7,
    progress: Progress,
) -> Simulation:
    """Write the raw exports of a B2B software vendor in Japan, with the ground truth beside them.

    The same arguments give the same bytes. The first delivery holds the history; each of the last `nights` days has
    one of its own.

    Args:
        out: a folder that is not there yet or empty.
        days: business days from `start` on; at least `nights` + 1.
        seed: another seed is another company.
        scale: 1 is about 2,400 known people, 120,000 hits and 100,000 mail events a year.
        start: the first business day.
        nights: days at the end that are delivered one by one.
        progress: is told what is being made.

    Raises:
        InputError: `out` holds something, or the numbers make no company.
    """
    _check(out, days, scale, nights)
    parameters = Parameters(days=days, seed=seed, scale=scale, start=start, nights=nights)
    out.mkdir(parents=True, exist_ok=True)
    mess = Mess(out / "exports")
    with (
        tempfile.TemporaryDirectory(prefix=".simulate-", dir=out) as scratch,
        world(parameters, Path(scratch), progress) as connection,
    ):
        connection.execute((SQL / "exports" / "00_macros.sql").read_text("utf-8"))
        for delivery in parameters.deliveries():
            progress(f"exports of {delivery.day}")
            set_variables(connection, {"since": delivery.since, "until": delivery.until})
            _deliver(connection, parameters, delivery, mess)
        progress("truth")
        counts = truth.write(connection, out / "truth", mess)
    shutil.copyfile(Path(__file__).parent / "sources.yml", out / "sources.yml")
    simulation = Simulation(
        seed=seed,
        days=days,
        scale=scale,
        start=start.isoformat(),
        end=parameters.end.isoformat(),
        as_of=parameters.as_of.isoformat(),
        nights=nights,
        counts=counts,
    )
    (out / "simulation.json").write_text(json.dumps(asdict(simulation), indent=2) + "\n", "utf-8")
    return simulation


def _check(out: Path, days: int, scale: float, nights: int) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out}: is not an empty folder. Name another with --out, or remove it.")
    if not 0 <= nights < days:
        raise InputError(f"days = {days}, nights = {nights}: at least one day must come before the nights")
    if not scale > 0:
        raise InputError(f"scale = {scale}: must be greater than 0")


def _deliver(connection: duckdb.DuckDBPyConnection, parameters: Parameters, delivery: Delivery, mess: Mess) -> None:
    """Write what each tool hands over at the end of one day."""
    day = delivery.day.isoformat()
    hubspot.write(connection, delivery, mess.root / "hubspot" / day, mess)
    salesforce.write(connection, mess.root / "salesforce" / day, mess)
    ga4.write(connection, parameters, delivery, mess.root / "ga4" / day, mess)
    google_ads.write(connection, delivery, mess.root / "google_ads" / day, mess)
    zoom_webinar.write(connection, delivery, mess.root / "zoom_webinar" / day, mess)
    spreadsheets.write(connection, delivery, mess.root, mess)
