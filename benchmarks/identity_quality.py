"""How right identity is: what it makes of simulated companies, beside their ground truth, as a page of Markdown.

    make identity-quality
    .venv/bin/python -m benchmarks.identity_quality --seeds 1 2 3 --out docs/identity_quality.md

`--folder` keeps each company and its data home (`<folder>/<seed>/company`, `…/home`) and takes those that are finished
as they are, so that a page is made anew in seconds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb

from benchmarks import identity_judgement as judgement
from benchmarks.identity_judgement import Row, Scores
from identity.masking import masked_key
from leadmill.command_line import main as leadmill
from leadmill.settings import Home

AIMED_PRECISION, AIMED_RECALL = 0.999, 0.98
TOLD_ERRORS = 40

RECORDS, SESSIONS = "records of one person", "web sessions and the records of who sat there"
ACCOUNTS, EMPLOYMENTS = "account records of one company", "records of people and of their company"


class Judged(NamedTuple):
    """What is found out about one company.

    Attributes:
        seed: Seed of the simulation.
        scores: By what is compared: all there is, and the part that could be known from the exports.
        rules: `identity_judgement.rule_rows`.
        false_persons: Persons that are several people.
        missed_persons: People who are several persons.
        browsers: Browsers with sessions given to the wrong person or, wrongly, to nobody.
        companies: Kinds of records whose company was not found though it is knowable.
    """

    seed: int
    scores: dict[str, tuple[Scores, Scores]]
    rules: list[Row]
    false_persons: list[Row]
    missed_persons: list[Row]
    browsers: list[Row]
    companies: list[Row]


def finished(folder: Path, seed: int, days: int, scale: float) -> tuple[Path, Path]:
    """Return company and data home of a seed; what is not there yet is simulated and run.

    Raises:
        SystemExit: the run failed.
    """
    company, home = folder / str(seed) / "company", folder / str(seed) / "home"
    told = company / "simulation.json"
    if not told.exists():
        company.mkdir(parents=True, exist_ok=True)
        options = ("--days", str(days), "--seed", str(seed), "--scale", str(scale))
        leadmill(["simulate", *options, "--out", str(company)], standalone_mode=False)
    if not (Home(path=home).published / "current").exists():
        as_of = json.loads(told.read_text())["as_of"]
        options = ("--home", str(home), "--sources", str(company / "sources.yml"), "--as-of", as_of)
        leadmill(["nightly", *options], standalone_mode=False)
    return company, home


def judge(seed: int, company: Path, home: Path) -> Judged:
    """Hold a finished home against the truth of its company."""
    with judgement.open_judged(home, company) as connection:
        return Judged(
            seed,
            scores(connection),
            judgement.rule_rows(connection),
            judgement.false_persons(connection),
            judgement.missed_persons(connection),
            judgement.wrong_browsers(connection),
            judgement.missing_companies(connection),
        )


def scores(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[Scores, Scores]]:
    """Return the scores of everything, and those of what is knowable."""

    def pairs(relation: str, knowable: str) -> tuple[Scores, Scores]:
        return judgement.pair_scores(connection, relation), judgement.pair_scores(connection, knowable)

    def crossed(relation: str, other: str, knowable_other: str) -> tuple[Scores, Scores]:
        knowable = f"{relation} where is_knowable"
        return (
            judgement.cross_scores(connection, relation, other),
            judgement.cross_scores(connection, knowable, knowable_other),
        )

    known_records = "from records where is_knowable"
    return {
        RECORDS: pairs("from records", known_records),
        SESSIONS: crossed("from sessions", "from records", known_records),
        ACCOUNTS: pairs("from account_records", "from account_records"),
        EMPLOYMENTS: crossed("from employments", "from account_records", "from account_records"),
    }


def page(companies: list[Judged], days: int, scale: float) -> str:
    """Return the page that tells scores, rules and errors."""
    return "\n".join(
        [
            "# How right identity is",
            "",
            "Written by `make identity-quality`; do not edit.",
            "",
            f"Each seed is a simulated company ({days} days, scale {scale:g}) whose truth is not in its exports.",
            "Two records are a pair when they are one person's. *Knowable* leaves out what nobody could find out from",
            "the exports: a second address that nothing links, a visitor who never told a name, who of several people",
            "wrote from info@, the company behind a free mail address. Sessions of browsers that several people share",
            "are not judged: the truth does not say who sat there.",
            "",
            "## Scores",
            "",
            "| compared | seed | right pairs | false pairs | missed pairs | precision | recall | F1 "
            "| recall of the knowable |",
            "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
            *(
                _score_row(name, judged.seed, *judged.scores[name])
                for name in companies[0].scores
                for judged in companies
            ),
            "",
            _verdict(companies),
            "",
            "## Rules",
            "",
            "Pairs of records that links of the rule connect directly, all seeds together. A pair may be connected by",
            "several rules, and each counts it. Records without a known truth are left out.",
            "",
            "Recall is the share of all right pairs that links of this one rule connect; chains of rules connect",
            "the rest. Browsers belong to persons for a time: their recall is that of the sessions above.",
            "",
            "| rule | links | pairs | false pairs | precision | recall | F1 |",
            "|---|---:|---:|---:|---:|---:|---:|",
            *(
                _rule_row(rule, row, _expected_pairs(rule, companies))
                for (rule, refused), row in _summed(companies)
                if not refused
            ),
            "",
            "Links that were refused, and what they would have connected:",
            "",
            "| rule | refused because | links | pairs | of them right |",
            "|---|---|---:|---:|---:|",
            *(
                f"| {rule} | {refused} | {row['links']:,} | {row['pairs']:,} | {row['right_pairs']:,} |"
                for (rule, refused), row in _summed(companies)
                if refused
            ),
            "",
            "## Errors",
            *(line for judged in companies for line in _errors(judged)),
            "",
        ]
    )


def _score_row(name: str, seed: int, everything: Scores, knowable: Scores) -> str:
    return (
        f"| {name} | {seed} | {everything.right:,} | {everything.found - everything.right:,} "
        f"| {everything.expected - everything.right:,} | {_share(everything.precision)} | {_share(everything.recall)} "
        f"| {_share(everything.f1)} | {_share(knowable.recall)} |"
    )


def _verdict(companies: list[Judged]) -> str:
    short = [
        f"{name} (seed {judged.seed})"
        for judged in companies
        for name, (everything, knowable) in judged.scores.items()
        if (everything.precision or 0) < AIMED_PRECISION or (knowable.recall or 0) < AIMED_RECALL
    ]
    aim = f"Aim: precision at least {AIMED_PRECISION}, recall of the knowable at least {AIMED_RECALL}"
    return f"{aim}: missed by {', '.join(short)}." if short else f"{aim}: met everywhere."


def _summed(companies: list[Judged]) -> list[tuple[tuple[str, str], dict[str, int]]]:
    """Return the rows of all companies added up, by rule and reason of refusal."""
    sums: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(lambda: {"links": 0, "pairs": 0, "right_pairs": 0})
    for row in (row for judged in companies for row in judged.rules):
        total = sums[row["rule"], row["refused"]]
        for name in total:
            total[name] += row[name]
    return sorted(sums.items())


def _expected_pairs(rule: str, companies: list[Judged]) -> int:
    """Return how many pairs the truth holds of what the rule connects; 0 for browsers."""
    if rule.startswith("anonymous_id_"):
        return 0
    name = ACCOUNTS if rule.startswith("account_") else RECORDS
    return sum(judged.scores[name][0].expected for judged in companies)


def _rule_row(rule: str, row: dict[str, int], expected: int) -> str:
    scores = Scores(right=row["right_pairs"], found=row["pairs"], expected=expected)
    return (
        f"| {rule} | {row['links']:,} | {scores.found:,} | {scores.found - scores.right:,} "
        f"| {_share(scores.precision)} | {_share(scores.recall)} | {_share(scores.f1 if expected else None)} |"
    )


def _errors(judged: Judged) -> Iterator[str]:
    yield from (
        "",
        f"### Seed {judged.seed}",
        "",
        f"Persons that are several people: {len(judged.false_persons) or 'none'}.",
    )
    if judged.false_persons:
        yield from ("", "| person by person, their records | joined by |", "|---|---|")
        for row in judged.false_persons[:TOLD_ERRORS]:
            yield f"| {_parts(row)} | {', '.join(row['rules'])} |"
    yield from ("", f"People who are several persons: {len(judged.missed_persons) or 'none'}.")
    if judged.missed_persons:
        yield from ("", "| person by person, their records | knowable | why |", "|---|---|---|")
        for row in judged.missed_persons[:TOLD_ERRORS]:
            why = "; ".join(row["refusals"]) or "no key that the records share"
            yield f"| {_parts(row)} | {'yes' if row['is_knowable'] else 'no'} | {why} |"
    yield from (
        "",
        f"Browsers with sessions given to a stranger, or wrongly to nobody: {len(judged.browsers) or 'none'}.",
    )
    if judged.browsers:
        yield from ("", "| browser | sessions | given to | what it showed |", "|---|---:|---|---|")
        for row in judged.browsers[:TOLD_ERRORS]:
            shown = "; ".join(row["links"] or []) or "nothing"
            yield f"| {row['anonymous_id']} | {row['sessions']} | {row['given_to']} | {shown} |"
    yield from ("", f"Records of people whose company was not found, though knowable: {_count(judged.companies)}.")
    if judged.companies:
        # Only the domain of an address, or a company name that no two companies share, tells the company of a card.
        yield from ("", "| kind | has | records |", "|---|---|---:|")
        for row in judged.companies:
            yield f"| {row['kind']} | {row['has']} | {row['records']} |"


def _count(kinds: list[Row]) -> str:
    return str(sum(row["records"] for row in kinds) or "none")


def _parts(row: Row) -> str:
    """Return record keys without readable addresses, a group for each part; a bar would end the table's cell."""
    groups = (", ".join(masked_key(key).replace("|", "/") for key in part) for part in row["parts"])
    return " — ".join(groups)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def main() -> None:
    """Judge companies of several seeds and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--folder", type=Path, help="keep companies and homes here [a temporary folder]")
    parser.add_argument("--out", type=Path, default=Path("docs/identity_quality.md"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        companies = [judge(seed, *finished(folder, seed, options.days, options.scale)) for seed in options.seeds]
    options.out.write_text(page(companies, options.days, options.scale), "utf-8")
    print(f"Written: {options.out}")


if __name__ == "__main__":
    main()
