"""Distinct e-mail addresses and web domains as typed, folded to one form, with their registrable domain."""

from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from identity.normalisation.email import addresses


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:  # noqa: ANN401
    """Return address, folded_address, domain and registrable_domain (null where there is none)."""
    dbt.config(materialized="table")
    persons = dbt.ref("int_canonical__persons")
    accounts = dbt.ref("int_canonical__accounts")
    typed = (
        persons.project("unnest(list_append(additional_emails, email)) as address")
        .union(accounts.project("domain as address"))
        .filter("address is not null")
        .distinct()
        .to_arrow_table()
    )
    return addresses(typed["address"].combine_chunks())
