"""Persons who share no key but are probably one: scored by a Splink model, joined only where no chain can follow."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

import duckdb
import pyarrow as pa

from identity.agglomeration import agglomerate
from identity.comparable_persons import FIELDS, prepare
from identity.components import connected_components
from leadmill.errors import InputError

if TYPE_CHECKING:
    from identity.matching_model import Scorer

# So many persons who are all alike are a fault of the data (a test import, a form robot), not one person.
LARGEST_CANDIDATE = 200
# Two parts join when the mean probability of all pairs between them is at least this (a chain a-b-c without a-c: 1/2).
GROUP_AGREEMENT = 2 / 3
# Fields that tell people apart well enough to learn from the pairs that agree on them, and how many pairs that takes.
TRAINING_FIELDS = ("name_key", "phone", "address", "birth_date")
FEWEST_TRAINING_PAIRS = 100
# Share of the true pairs that agree on the whole name and one more field, as a rule; it only scales the prior.
RECALL_OF_EXACT_PAIRS = 0.7
# Level of likeness (see identity.matching_model) from which on two names are alike as a whole. Below it they have a
# word in common at most.
NAMES_ALIKE = 3

_SCHEMA = pa.schema(
    [
        ("left_component_key", pa.string()),
        ("right_component_key", pa.string()),
        ("probability", pa.float64()),
        ("match_weight", pa.float64()),
        ("evidence", pa.string()),
        ("is_joined", pa.bool_()),
        ("reason", pa.string()),
    ]
)


class Tier(NamedTuple):
    """The seed probabilistic_matching: whether the tier runs, and from which probabilities (0 to 1) it acts."""

    enabled: bool
    join_at: float
    review_at: float

    @classmethod
    def from_settings(cls, settings: dict[str, str]) -> Tier:
        """Read the seed's settings.

        Raises:
            InputError: one is missing or not allowed.
        """
        try:
            enabled = {"true": True, "false": False}[settings["enabled"]]
            tier = cls(enabled, float(settings["join_at"]), float(settings["review_at"]))
        except (KeyError, ValueError) as error:
            raise InputError(
                f"seed probabilistic_matching: {error}: enabled is true or false, the others numbers"
            ) from error
        if not 0 < tier.review_at <= tier.join_at <= 1 or tier.join_at <= GROUP_AGREEMENT:
            raise InputError(
                f"seed probabilistic_matching: 0 < review_at ({tier.review_at}) <= join_at ({tier.join_at}) <= 1 and "
                "join_at above 0.67 is allowed"
            )
        return tier


def no_links() -> pa.Table:
    """Return the result of a tier that is off: no rows."""
    return _SCHEMA.empty_table()


def probable_links(records: pa.Table, never: pa.Table, tier: Tier) -> pa.Table:
    """Find pairs of persons (components) who are probably one.

    Args:
        records: one row a record of a person: `record_key`, `component_key`, `updated_at`, `exclusive_source` (the
            source, where it holds each person once; else null), `mail_domain` (of a personal mailbox at a company; else
            null), and, normalised and null where unknown, `name_key`, `name_script`, `company_key`, `phone`, `address`,
            `postal_code`, `birth_date`.
        never: pairs of persons that must stay apart, in both directions: `left_component_key`, `right_component_key`.
        tier: the thresholds.

    Returns:
        Pairs (left_component_key < right_component_key) with `probability`, `match_weight` (log2 of the odds) and
        `evidence` (which fields agree). Where `is_joined`, the left one stands for all whom the right one was joined
        with; where not, `reason` says why. Content alone decides, not the order of rows.
    """
    # A DuckDB of its own, so that none of Splink's helper tables stands in the warehouse.
    with duckdb.connect() as connection:
        connection.register("never", never)
        prepare(connection, records)
        scorer = trained_scorer(connection)
        if scorer is None:
            return no_links()
        _judge(connection, "likely_pairs", scorer.score("candidate_pairs", tier.review_at))
        _compare_members(connection, scorer, tier.join_at)
        return _decide(connection, tier.join_at)


def trained_scorer(connection: duckdb.DuckDBPyConnection) -> Scorer | None:
    """Return a scorer of pairs of `persons`, or None where the records have nothing to learn from or to compare.

    Raises:
        InputError: Splink is not installed.
    """
    counts = ", ".join(f"count(distinct {field})" for field in FIELDS)
    distinct = dict(zip(FIELDS, connection.execute(f"select {counts} from persons").fetchall()[0], strict=True))
    fields = [field for field, count in distinct.items() if count > 1]
    training = [field for field in TRAINING_FIELDS if _equal_pairs(connection, field) >= FEWEST_TRAINING_PAIRS]
    if "name_key" not in training or fields == ["name_key"]:
        return None

    if not find_spec("splink"):
        raise InputError(
            "The seed probabilistic_matching turns matching without a key on, but Splink is not installed: "
            'run pip install "leadmill[probabilistic]", or set enabled to false.'
        )
    from identity.matching_model import Scorer, train  # imports Splink, which only who turns the tier on needs

    model = train(connection, fields, [field for field in training if field in fields])
    model["probability_two_random_records_match"] = _prior(connection)
    return Scorer(connection, model)


def _equal_pairs(connection: duckdb.DuckDBPyConnection, field: str) -> int:
    """Return how many pairs of records agree on a field."""
    counted = f"select count(*) as n from records where {field} is not null group by {field}"
    return int(connection.execute(f"select coalesce(sum(n * (n - 1) // 2), 0) from ({counted})").fetchall()[0][0])


def _prior(connection: duckdb.DuckDBPyConnection) -> float:
    """Estimate how probable it is that two persons drawn at random are one, from pairs equal in name and a fact."""
    facts = " or ".join(f"this.{field} = that.{field}" for field in FIELDS if field != "name_key")
    ((exact, persons),) = connection.execute(
        f"""
        select count(*), (select count(*) from persons)
        from candidate_pairs
        inner join persons as this on join_key_l = this.row_key
        inner join persons as that on join_key_r = that.row_key
        where this.name_key = that.name_key and ({facts})
        """
    ).fetchall()
    return float(min(max(exact, 1) / RECALL_OF_EXACT_PAIRS / (persons * (persons - 1) / 2), 0.5))


def _judge(connection: duckdb.DuckDBPyConnection, table: str, scored: str) -> None:
    """Make a table of scored pairs, with what agrees in them and why a pair must not join however probable it is."""
    compared = {field: label for field, label in FIELDS.items() if f"gamma_{field}" in _columns(connection, scored)}
    evidence = ", ".join(
        f"case when this.{field} = that.{field} then 'same {label}' when gamma_{field} > 0 then 'similar {label}' "
        f"when gamma_{field} = 0 then 'other {label}' end"
        for field, label in compared.items()
    )
    agreeing = " + ".join(f"cast(gamma_{field} > 0 as integer)" for field in compared)
    # Families and colleagues have a word of the name in common. A single word may be a name cut short, if not at work.
    other_name = (
        f"gamma_name_key <= 0 or gamma_name_key < {NAMES_ALIKE} and "
        "(least(len(this.name_words), len(that.name_words)) > 1 or this.company_key = that.company_key)"
    )
    no_birth_date = "and gamma_birth_date <= 0" if "birth_date" in compared else ""
    connection.execute(
        f"""
        create table {table} as
        select
            row_key_l as left_key,
            row_key_r as right_key,
            round(match_probability, 6) as probability,
            round(match_weight, 3) as match_weight,
            concat_ws(', ', {evidence}) as evidence,
            never.left_component_key is not null as is_listed,
            list_has_any(this.exclusive_sources, that.exclusive_sources) as are_of_one_source,
            -- They share no key, so these are two mailboxes.
            list_has_any(this.mail_domains, that.mail_domains) as are_of_one_domain,
            is_listed or are_of_one_source or are_of_one_domain as is_forbidden,
            case
                when is_listed then 'on the never-link list'
                when are_of_one_source then 'one source holds both and tells them apart'
                when are_of_one_domain then 'two mailboxes of one company'
                when ({other_name}) {no_birth_date}
                    then 'only workplace or household agree, not the person'
                when {agreeing} < 2 then 'nothing but one field agrees'
            end as refused_reason
        from {scored}
        inner join persons as this on row_key_l = this.row_key
        inner join persons as that on row_key_r = that.row_key
        left join never on row_key_l = never.left_component_key and row_key_r = never.right_component_key
        """
    )


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    return {name for name, *_ in connection.execute(f"describe {table}").fetchall()}


def _compare_members(connection: duckdb.DuckDBPyConnection, scorer: Scorer, join_at: float) -> None:
    """Make `members` (persons whom pairs that may join connect, however far) and `member_pairs` (all their pairs)."""
    may_join = connection.sql(
        f"select left_key, right_key from likely_pairs where probability >= {join_at} and refused_reason is null"
    )
    connection.register("linked", connected_components(may_join.to_arrow_table()))
    connection.execute(
        """
        create table members as
        select node_key, component, count(*) over (partition by component) as size from linked
        """
    )
    connection.execute(
        f"""
        create table unscored_member_pairs as
        select this.node_key as join_key_l, that.node_key as join_key_r, '0' as match_key
        from members as this
        inner join members as that on this.component = that.component
        where this.node_key < that.node_key and this.size <= {LARGEST_CANDIDATE}
        """
    )
    _judge(connection, "member_pairs", scorer.score("unscored_member_pairs"))


def _decide(connection: duckdb.DuckDBPyConnection, join_at: float) -> pa.Table:
    """Join the groups that hang together as a whole, and say of all other likely pairs why they were not joined."""
    candidates = connection.sql(
        """
        select
            component as candidate,
            left_key,
            right_key,
            -- What says nothing about two persons by themselves does not speak for a group that holds both either.
            case when refused_reason is null then probability else 0 end as probability,
            is_forbidden
        from member_pairs
        inner join members on left_key = node_key
        """
    )
    connection.register("groups", agglomerate(candidates.to_arrow_table(), GROUP_AGREEMENT))
    decided = connection.sql(
        f"""
        with joined as (
            select
                member_pairs.*,
                true as is_joined,
                cast(null as varchar) as reason
            from groups
            inner join member_pairs on group_key = left_key and node_key = right_key
        ),

        apart as (
            select
                likely_pairs.*,
                false as is_joined,
                case
                    when refused_reason is not null then refused_reason
                    when probability < {join_at} then 'not probable enough to join'
                    when members.size > {LARGEST_CANDIDATE} then 'too many persons are alike'
                    else 'one is like others whom the other is not like'
                end as reason
            from likely_pairs
            left join groups as this on left_key = this.node_key
            left join groups as that on right_key = that.node_key
            left join members on left_key = members.node_key
            where this.group_key is distinct from that.group_key or this.group_key is null
        ),

        pairs as (
            select * from joined
            union all
            select * from apart
        )

        select
            left_key as left_component_key,
            right_key as right_component_key,
            probability,
            match_weight,
            evidence,
            is_joined,
            reason
        from pairs
        order by left_key, right_key
        """
    )
    return decided.to_arrow_table().cast(_SCHEMA)
