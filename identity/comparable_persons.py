"""What persons are compared by, and which pairs of them are worth comparing: tables in a DuckDB of the caller."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection, DuckDBPyRelation

# Values that more persons than this share bring no pairs together: so pairs stay linear in the number of persons.
LARGEST_BLOCK = 100

# The fields that are compared, and how a reviewer reads them.
FIELDS = {
    "name_key": "name",
    "company_key": "company",
    "phone": "phone",
    "address": "address",
    "postal_code": "postal code",
    "birth_date": "birth date",
}

# Words of an address are runs of letters, cut after the units of Japanese addresses, which have no spaces; and numbers.
_RECORDS = r"""
    create table records as
    select
        record_key as row_key,
        component_key,
        exclusive_source,
        mail_domain,
        (coalesce(updated_at, timestamp '1970-01-01'), record_key) as age,
        name_key,
        name_script,
        string_split(name_key, ' ') as name_words,
        company_key,
        phone,
        address,
        list_distinct(
            regexp_extract_all(address, '[0-9]+|[\p{L}\p{M}]*?[都道府県市区町村郡]|[\p{L}\p{M}]+')
        ) as address_words,
        regexp_replace(postal_code, '[^\p{L}\p{N}]', '', 'g') as postal_code,
        coalesce(
            strftime(try_cast(replace(birth_date, '/', '-') as date), '%Y%m%d'),
            regexp_replace(birth_date, '[^0-9]', '', 'g')
        ) as birth_date
    from typed
    order by record_key
"""

# A person says what the latest of their records says that says anything.
_PERSONS = """
    create table persons as
    select
        component_key as row_key,
        list_distinct(list(exclusive_source)) as exclusive_sources,
        list_distinct(list(mail_domain)) as mail_domains,
        arg_max(name_key, age) as name_key,
        arg_max(name_script, age) as name_script,
        arg_max(name_words, age) as name_words,
        arg_max(company_key, age) as company_key,
        arg_max(phone, age) as phone,
        arg_max(address, age) as address,
        arg_max(address_words, age) as address_words,
        arg_max(postal_code, age) as postal_code,
        arg_max(birth_date, age) as birth_date
    from records
    group by component_key
    having arg_max(name_key, age) is not null
    order by component_key
"""

# Two persons are compared when they share the whole name, a phone, a birth date, a word of the name and a fact, or two
# words of the address.
_CANDIDATE_PAIRS = f"""
    create table candidate_pairs as
    with names as (
        select row_key, unnest(name_words) as word from persons
    ),
    places as (
        select row_key, unnest(list_filter(address_words, lambda word: not regexp_full_match(word, '[0-9]+'))) as word
        from persons
    ),
    facts as (
        select row_key, kind, fact
        from persons
        unpivot (fact for kind in (company_key, phone, postal_code, birth_date))
        union all
        select row_key, 'place' as kind, word as fact from places
    ),
    blocks as (
        select row_key, hash(name_key) as block from persons
        union
        select row_key, hash(kind, fact) as block from facts where kind in ('phone', 'birth_date')
        union
        select names.row_key, hash(names.word, facts.kind, facts.fact) as block
        from names
        inner join facts on names.row_key = facts.row_key
        union
        select places.row_key, hash(places.word, facts.fact) as block
        from places
        inner join facts on places.row_key = facts.row_key
        where facts.kind = 'postal_code' or (facts.kind = 'place' and places.word < facts.fact)
    ),
    small_blocks as (
        select * from blocks
        qualify count(*) over (partition by block) between 2 and {LARGEST_BLOCK}
    )
    select distinct this.row_key as join_key_l, that.row_key as join_key_r, '0' as match_key
    from small_blocks as this
    inner join small_blocks as that on this.block = that.block
    where this.row_key < that.row_key
"""


# DuckDB reads the relations in the SQL of the next two functions by the names of their arguments.


def comparable_records(
    connection: DuckDBPyConnection,
    *,
    components: DuckDBPyRelation,
    persons: DuckDBPyRelation,
    person_names: DuckDBPyRelation,
    company_names: DuckDBPyRelation,
    phones: DuckDBPyRelation,
    emails: DuckDBPyRelation,
    limits: DuckDBPyRelation,
) -> pa.Table:
    """Return the records of persons with their component and their normalised values (see `probable_links`).

    The telephone number of more names than the seed identity_limits allows is a switchboard's: it tells nobody apart.
    """
    return connection.sql("""
        with personal_phones as (
            select phones.e164
            from persons
            join phones using (phone)
            left join person_names using (full_name)
            where phones.is_placeholder is not true
            group by phones.e164
            having count(distinct person_names.name_key) <= (
                select at_most from limits where identifier_type = 'phone' and counted_type = 'person_name'
            )
        )
        select
            persons.record_key,
            components.component_key,
            persons.updated_at,
            case when persons.is_exclusive then persons.source_system end as exclusive_source,
            case when emails.is_business and not emails.is_role then emails.domain end as mail_domain,
            person_names.name_key,
            person_names.script as name_script,
            company_names.company_key,
            personal_phones.e164 as phone,
            persons.address,
            persons.postal_code,
            persons.birth_date
        from components
        join persons on components.node_key = persons.record_key
        left join person_names using (full_name)
        left join company_names using (company_name)
        left join phones using (phone)
        left join personal_phones on phones.e164 = personal_phones.e164
        left join emails using (email)
    """).to_arrow_table()


def pairs_to_keep_apart(
    connection: DuckDBPyConnection, *, components: DuckDBPyRelation, never_link: DuckDBPyRelation
) -> pa.Table:
    """Return left_component_key and right_component_key of the pairs on the users' list, in both directions."""
    return connection.sql("""
        with pairs as (
            select left_key, right_key from never_link
            union
            select right_key, left_key from never_link
        )
        select distinct left_ends.component_key as left_component_key, right_ends.component_key as right_component_key
        from pairs
        join components as left_ends on pairs.left_key = left_ends.node_key
        join components as right_ends on pairs.right_key = right_ends.node_key
    """).to_arrow_table()


def prepare(connection: DuckDBPyConnection, records: pa.Table) -> None:
    """Make the tables `records`, `persons` (one row a component with a name) and `candidate_pairs`.

    Args:
        connection: an empty DuckDB.
        records: see `identity.probabilistic.probable_links`.
    """
    for name in ("address", "postal_code", "birth_date"):
        # As everywhere: full-width characters become their plain forms; DuckDB has no NFKC.
        folded = pc.utf8_lower(pc.utf8_normalize(records[name], "NFKC"))
        records = records.set_column(records.schema.get_field_index(name), name, folded)
    connection.register("typed", records)
    for statement in (_RECORDS, _PERSONS, _CANDIDATE_PAIRS):
        connection.execute(statement)
    connection.unregister("typed")
