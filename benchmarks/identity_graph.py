"""Made-up records and links for `benchmarks.identity_scale`: set-based, and the same ones at each run."""

from __future__ import annotations

from benchmarks.identity_ways import connect
from leadmill.settings import Home

# Of 100,000 records the first 1,000 are a chain of merges and the next 1,000 lie in heaps of 200 that share an address.
# Each further 20 are twelve persons: seven of one record, three of two, one of three, one of four.
_MACROS = """
    create macro person_of(number) as case
        when number % 100_000 < 1_000 then 'chain ' || number // 1_000
        when number % 100_000 < 2_000 then 'heap ' || number // 200
        else 'person ' || number // 20 || ' '
            || [0, 1, 2, 3, 4, 5, 6, 7, 7, 8, 8, 9, 9, 10, 10, 10, 11, 11, 11, 11][1 + number % 20]
    end;
    create macro record_key(number) as 'crm|contact|' || md5('record ' || number)[:18];
    create macro email_key(person) as 'email|' || md5(person)[:16] || '@company.co.jp';
    create macro external_key(person) as 'external_id|' || md5(person)[17:];
"""

_RECORDS = """
    select
        number,
        record_key(number) as record_key,
        person_of(number) as person,
        'crm' as source_system,
        timestamp '2020-01-01' + to_days(cast(number % 2_000 as integer)) as created_at,
        -- One person in 300 holds two contacts of the CRM: a link has to be cut.
        not starts_with(person, 'heap') and not starts_with(person, 'chain')
        and (person <> person_of(number - 1) or number % 500 = 499) as is_exclusive
    from range($first, $beyond) as numbers(number)
"""

_PERSONS = """
    select
        record_key,
        source_system,
        'contact' as record_type,
        split_part(record_key, '|', 3) as record_id,
        cast(null as varchar) as email,
        cast(null as varchar) as account_record_key,
        created_at,
        is_exclusive
    from records
"""

# Every record but a chain's names its person's address; one in five an enrichment id too: 1.2 links a record.
_LINKS = """
    with links as (
        select record_key as left_key, email_key(person) as right_key, 'email' as rule, created_at from records
        where not starts_with(person, 'chain') or number % 1_000 = 999
        union all
        select record_key, external_key(person), 'external_id', created_at from records
        where number % 5 = 0
        union all
        select record_key, record_key(number + 1), 'merge', created_at from records
        where starts_with(person, 'chain') and number % 1_000 <> 999
        union all
        select record_key, email_key(further_person), 'email', created_at from records
        where further_person is not null
    )
    select
        left_key,
        right_key,
        rule,
        created_at as first_seen_at,
        true as is_active,
        hash(left_key, right_key, rule, true, created_at) as link_fingerprint
    from links
"""

_NO_LISTED_PAIRS = """
    create table intermediate.int_identity__listed_pairs (
        rule varchar, left_key varchar, right_key varchar, wording varchar
    )
"""

_NO_PROBABLE_LINKS = """
    create table intermediate.int_identity__probable_links (
        left_component_key varchar, right_component_key varchar, probability double, match_weight double,
        is_joined boolean, reason varchar
    )
"""


def create(home: Home, records: int) -> None:
    """Make the tables that the resolution reads, with so many records (a multiple of 100,000)."""
    with connect(home) as connection:
        connection.execute("create schema intermediate; create schema ops")
        connection.execute("create table ops.id_key as select 'inner' as inner_key, 'outer' as outer_key")
        connection.execute(_MACROS)
        connection.execute(
            f"create temp table records as select *, cast(null as varchar) as further_person from ({_RECORDS})",
            {"first": 0, "beyond": records},
        )
        connection.execute(_NO_LISTED_PAIRS)
        connection.execute(_NO_PROBABLE_LINKS)
        connection.execute(f"create table intermediate.int_canonical__persons as {_PERSONS}")
        connection.execute(f"create table intermediate.int_identity__links as {_LINKS}")


def add_records(home: Home, records: int) -> None:
    """Add a thousandth to so many records: half are of known persons, one in ten joins two of them, the rest is new."""
    with connect(home) as connection:
        connection.execute(
            f"""
            create temp table records as
            select
                * exclude (person, is_exclusive),
                case when number % 2 = 0 then person_of(number * 7_919 % $known) else person end as person,
                case when number % 10 = 0 then person_of(number * 104_729 % $known) end as further_person,
                false as is_exclusive
            from ({_RECORDS})
            """,
            {"known": records, "first": records, "beyond": records + records // 1_000},
        )
        connection.execute(f"insert into intermediate.int_canonical__persons by name {_PERSONS}")
        connection.execute(f"insert into intermediate.int_identity__links by name {_LINKS}")
