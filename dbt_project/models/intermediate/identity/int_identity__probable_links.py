"""Persons who share no key but are probably one. No rows unless the seed probabilistic_matching turns the tier on."""

from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from identity.comparable_persons import comparable_records, pairs_to_keep_apart
from identity.probabilistic import Tier, no_links, probable_links


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:  # noqa: ANN401
    """Return pairs of components with their probability, and which of them join."""
    dbt.config(materialized="table")
    components = dbt.ref("int_identity__touched_components")
    records = {
        "persons": dbt.ref("int_canonical__persons"),
        "person_names": dbt.ref("int_identity__person_names"),
        "company_names": dbt.ref("int_identity__company_names"),
        "phones": dbt.ref("int_identity__phones"),
        "emails": dbt.ref("int_identity__emails"),
        "limits": dbt.ref("identity_limits"),
    }
    never_link = dbt.ref("never_link")
    tier = Tier.from_settings(dict(dbt.ref("probabilistic_matching").project("setting, setting_value").fetchall()))
    if not tier.enabled:
        return no_links()
    return probable_links(
        comparable_records(session, components=components, **records),
        pairs_to_keep_apart(session, components=components, never_link=never_link),
        tier,
    )
