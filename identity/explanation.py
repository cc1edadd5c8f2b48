"""Why a person is a person: their records, the links that join them, what was refused, and what changed over time.

Everything is read from the warehouse's tables, for one person at a time: no query brings more than the links of the
person asked for into Python.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from duckdb import DuckDBPyConnection

from identity.masking import masked_address, masked_evidence, masked_id, masked_key, masked_phone, masked_text
from identity.normalisation.email import address
from identity.normalisation.phone import phone
from leadmill.errors import InputError

Row = dict[str, Any]

_TOLD_MATCHES = 10


@dataclass(frozen=True)
class Explanation:
    """One person, as the warehouse knows them. Times are UTC.

    Attributes:
        person_id: The person's id.
        former_ids: Ids that the person, or persons merged into this one, had before.
        records: One row a record of a tool.
        chain: The active links that join the record asked for with every other one, nearest first: each row leads
            from a node that is reached already to the next one.
        accounts: The person's companies, by time.
        browsers: The person's browsers, each for an interval (open ends are null).
        refused: Links of the person's records that do not count, and how many other persons the same link would tie.
        changes: What became of the person's records and ids from run to run.
    """

    person_id: str
    former_ids: list[str]
    records: list[Row]
    chain: list[Row]
    accounts: list[Row]
    browsers: list[Row]
    refused: list[Row]
    changes: list[Row]


def explain(connection: DuckDBPyConnection, wanted: str, *, with_text: bool = False) -> Explanation:
    """Explain the one person that a text names.

    Args:
        connection: the warehouse; read-only is enough.
        wanted: e-mail address, telephone number, record id, record key (source|type|id), browser id or person id, a
            former one included.
        with_text: show personal data as it is instead of masked.

    Raises:
        InputError: nobody is known by it, or several persons are, or no run has built identity yet.
    """
    if not connection.execute("from duckdb_tables() where schema_name = 'identity' limit 1").fetchall():
        raise InputError("identity is not built yet; run `leadmill nightly` first")
    person_id, start = _found(connection, wanted)
    of_person = {"person_id": person_id}
    connection.execute(_OWN_LINKS, of_person)
    explanation = Explanation(
        person_id=person_id,
        former_ids=[row["person_id"] for row in _rows(connection, _FORMER_IDS, of_person)],
        records=_rows(connection, _RECORDS, of_person),
        chain=_rows(connection, _CHAIN, of_person | {"start": start}),
        accounts=_rows(connection, _ACCOUNTS, of_person),
        browsers=_rows(connection, _BROWSERS, of_person),
        refused=_rows(connection, _REFUSED, of_person),
        changes=_rows(connection, _CHANGES, of_person),
    )
    return explanation if with_text else _masked(explanation)


# Texts that may name a node: as typed, folded, and, for an address that a tool has, its normalised form.
_MATCHES = """
    with texts as (
        select $wanted as wanted
        union
        select $folded
        union
        select emails.normalised_email
        from intermediate.int_identity__addresses as addresses
        join intermediate.int_identity__emails as emails on addresses.address = emails.email
        where addresses.folded_address = $folded
    ),
    persons as (from intermediate.int_identity__persons),
    ends as (
        select left_key as node_key, right_key as other_key from identity.links
        union all
        select right_key, left_key from identity.links
    ),
    named as (
        select ends.node_key, ends.other_key
        from ends
        where exists (from texts where ends.node_key = wanted or ends_with(ends.node_key, '|' || wanted))
    ),
    -- A record is a person's; an identifier, or a record merged away, leads to those who are linked to it.
    matches as (
        select persons.person_id, persons.record_key, persons.created_at
        from named join persons on named.node_key = persons.record_key
        union
        select persons.person_id, persons.record_key, persons.created_at
        from named
        anti join persons as own on named.node_key = own.record_key
        join persons on named.other_key = persons.record_key
        union
        select persons.person_id, persons.record_key, persons.created_at
        from intermediate.int_identity__phones as phones
        join intermediate.int_canonical__persons as records on phones.phone = records.phone
        join persons on records.record_key = persons.record_key
        where phones.e164 = $e164
        union
        select persons.person_id, persons.record_key, persons.created_at
        from identity.person_ids as ids
        join persons on ids.current_person_id = persons.person_id
        where ids.person_id = $wanted
    )
    select person_id, arg_min(record_key, (created_at is null, created_at, record_key)) as record_key
    from matches
    group by person_id
    order by person_id
"""

_FORMER_IDS = """
    select person_id from identity.person_ids
    where current_person_id = $person_id and person_id <> $person_id
    order by person_id
"""

_OWN_LINKS = """
    create or replace temp table own_links as
    with own_nodes as (
        select components.node_key
        from intermediate.int_identity__components as components
        semi join (from intermediate.int_identity__persons where person_id = $person_id) as persons
            on components.component_key = persons.component_key
    )
    from identity.links where rule <> 'record' and left_key in (from own_nodes)
    union
    from identity.links where rule <> 'record' and right_key in (from own_nodes)
"""

_RECORDS = """
    select
        records.source_system, records.record_type, records.record_id, records.created_at,
        records.email, records.full_name, records.phone, records.company_name
    from intermediate.int_identity__persons as persons
    join intermediate.int_canonical__persons as records on persons.record_key = records.record_key
    where persons.person_id = $person_id
    order by records.created_at nulls last, records.record_key
"""

# Breadth first from the record asked for; of several links that reach a node at the same step the first by name is
# told, so that the answer is the same every time. Browsers join nobody: they are left out. So are identifiers that lead
# no further, but not records that were merged away.
_CHAIN = """
    with recursive edges as (
        select left_key as from_key, right_key as to_key, rule, evidence, source_file, source_row_number, first_seen_at,
            last_seen_at
        from own_links where is_active and not starts_with(rule, 'anonymous_id_')
        union all
        select right_key, left_key, rule, evidence, source_file, source_row_number, first_seen_at, last_seen_at
        from own_links where is_active and not starts_with(rule, 'anonymous_id_')
    ),
    reached (to_key, step, link) using key (to_key) as (
        select $start, 0, null::struct(from_key varchar, rule varchar)
        union
        select edges.to_key, min(reached.step) + 1, min({'from_key': edges.from_key, 'rule': edges.rule})
        from reached
        join edges on reached.to_key = edges.from_key
        where not exists (from recurring.reached as known where known.to_key = edges.to_key)
        group by edges.to_key
    ),
    steps as (
        select
            reached.step, edges.from_key, edges.rule, edges.to_key, edges.evidence, edges.source_file,
            edges.source_row_number, edges.first_seen_at, edges.last_seen_at
        from reached
        join edges
            on reached.to_key = edges.to_key and reached.link.from_key = edges.from_key
                and reached.link.rule = edges.rule
    )
    from steps
    where
        rule = 'merge'
        or to_key in (select from_key from steps)
        or to_key in (select record_key from intermediate.int_identity__persons where person_id = $person_id)
    order by step, from_key, to_key
"""

_ACCOUNTS = """
    with account_keys as (
        select account_id, min(account_key) as account_key
        from intermediate.int_identity__accounts
        group by account_id
    )
    select relations.account_id, account_keys.account_key, relations.evidence, relations.valid_from,
        relations.valid_to, relations.is_current
    from identity.person_accounts as relations
    left join account_keys on relations.account_id = account_keys.account_id
    where relations.person_id = $person_id
    order by relations.valid_from nulls first, account_keys.account_key
"""

_BROWSERS = """
    select source_system, anonymous_id, valid_from, valid_to
    from identity.browser_owners
    where person_id = $person_id
    order by valid_from nulls first, source_system, anonymous_id
"""

_REFUSED = """
    with refused as (from own_links where not is_active),
    tied as (
        select refused.left_key, refused.right_key, refused.rule, count(distinct persons.person_id) as other_persons
        from refused
        join identity.links as links on refused.right_key = links.right_key
        join intermediate.int_identity__persons as persons on links.left_key = persons.record_key
        where persons.person_id <> $person_id
        group by refused.left_key, refused.right_key, refused.rule
    )
    select refused.refused_reason, refused.rule, refused.left_key, refused.right_key, refused.evidence,
        refused.source_file, refused.source_row_number, refused.first_seen_at,
        coalesce(tied.other_persons, 0) as other_persons
    from refused
    left join tied
        on refused.left_key = tied.left_key and refused.right_key = tied.right_key and refused.rule = tied.rule
    order by refused.refused_reason, refused.rule, refused.left_key, refused.right_key
"""

_CHANGES = """
    with ids as (select person_id from identity.person_ids where current_person_id = $person_id)
    select changed_at, change_number, change, record_key, old_person_id, new_person_id, reason
    from identity.person_changes
    where old_person_id in (from ids) or new_person_id in (from ids)
    order by changed_at, change_number, record_key
"""

# How each column with personal data is masked.
_MASKS: dict[str, Callable[[str], str]] = {
    "record_id": masked_id,
    "email": masked_address,
    "phone": masked_phone,
    "full_name": masked_text,
    "company_name": masked_text,
    "record_key": masked_key,
    "left_key": masked_key,
    "right_key": masked_key,
    "from_key": masked_key,
    "to_key": masked_key,
}


def _found(connection: DuckDBPyConnection, wanted: str) -> tuple[str, str]:
    """Return the one person that a text names, and the record by which it does."""
    texts = {
        "wanted": wanted.strip(),
        "folded": address(wanted).folded_address,
        "e164": phone(wanted).e164,
    }
    matches = _rows(connection, _MATCHES, texts)
    if not matches:
        raise InputError(
            "Nobody is known by that. Ask with an e-mail address, a telephone number, a record's id in its tool, "
            "a record key (source|type|id), a browser's id or a person id; `leadmill nightly` brings new records in."
        )
    if len(matches) > 1:
        told = "\n".join(f"  {match['person_id']}" for match in matches[:_TOLD_MATCHES])
        further = f"\n  and {len(matches) - _TOLD_MATCHES} more" if len(matches) > _TOLD_MATCHES else ""
        raise InputError(f"{len(matches)} persons are known by that. Ask for one by its id:\n{told}{further}")
    return matches[0]["person_id"], matches[0]["record_key"]


def _rows(connection: DuckDBPyConnection, query: str, parameters: Mapping[str, str | None]) -> list[Row]:
    return list(connection.sql(query, params=parameters).to_arrow_table().to_pylist())


def _masked(explanation: Explanation) -> Explanation:
    return replace(
        explanation,
        records=[_masked_row(row) for row in explanation.records],
        chain=[_masked_row(row) for row in explanation.chain],
        browsers=[_masked_row(row) for row in explanation.browsers],
        refused=[_masked_row(row) for row in explanation.refused],
        changes=[_masked_row(row) for row in explanation.changes],
    )


def _masked_row(row: Row) -> Row:
    shown = {name: _MASKS[name](value) if name in _MASKS and value else value for name, value in row.items()}
    if row.get("evidence"):
        shown["evidence"] = masked_evidence(row["evidence"], row["rule"])
    return shown
