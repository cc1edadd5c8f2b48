"""Distinct e-mail addresses and web domains as typed, folded to one form, with their registrable domain."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from identity.normalisation.columns import matching
from identity.normalisation.email import addresses


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:  # noqa: ANN401
    """Return address, folded_address, domain and registrable_domain (null where there is none), and is_placeholder."""
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
    patterns = dbt.ref("placeholder_values").project("kind, pattern").fetchall()
    folded = addresses(typed["address"].combine_chunks())
    # A local part that means nothing is as good as none.
    local_parts = pc.replace_substring_regex(folded["folded_address"], "@.*$", "")
    is_placeholder = pc.or_(
        matching(folded["folded_address"], (pattern for kind, pattern in patterns if kind in {"any", "email"})),
        matching(local_parts, (pattern for kind, pattern in patterns if kind == "any")),
    )
    return folded.append_column("is_placeholder", is_placeholder)
