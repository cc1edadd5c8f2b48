"""Persons who share no key but are probably one. No rows unless the seed probabilistic_matching turns the tier on."""

from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from identity.probabilistic import Tier, no_links, probable_links


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:  # noqa: ANN401
    """Return pairs of components with their probability, and which of them join."""
    dbt.config(materialized="table")
    # The relations below are read by name in the SQL.
    components = dbt.ref("int_identity__touched_components")  # noqa: F841
    persons = dbt.ref("int_canonical__persons")  # noqa: F841
    person_names = dbt.ref("int_identity__person_names")  # noqa: F841
    company_names = dbt.ref("int_identity__company_names")  # noqa: F841
    phones = dbt.ref("int_identity__phones")  # noqa: F841
    never_link = dbt.ref("never_link")  # noqa: F841
    settings = dbt.ref("probabilistic_matching").project("setting, setting_value").fetchall()
    tier = Tier.from_settings(dict(settings))
    if not tier.enabled:
        return no_links()

    records = session.sql("""
        select
            persons.record_key,
            components.component_key,
            persons.updated_at,
            case when persons.is_exclusive then persons.source_system end as exclusive_source,
            person_names.name_key,
            person_names.script as name_script,
            company_names.company_key,
            case when phones.is_placeholder is not true then phones.e164 end as phone,
            persons.address,
            persons.postal_code,
            persons.birth_date
        from components
        join persons on components.node_key = persons.record_key
        left join person_names using (full_name)
        left join company_names using (company_name)
        left join phones using (phone)
    """).to_arrow_table()
    never = session.sql("""
        select left_ends.component_key as left_component_key, right_ends.component_key as right_component_key
        from never_link
        join components as left_ends on never_link.left_key = left_ends.node_key
        join components as right_ends on never_link.right_key = right_ends.node_key
    """).to_arrow_table()
    return probable_links(records, never, tier)
