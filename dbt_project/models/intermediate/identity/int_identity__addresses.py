"""Distinct e-mail addresses and web domains as typed, folded to one form, with their registrable domain."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from identity.normalisation.columns import matching
from identity.normalisation.email import addresses


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:  # noqa: ANN401
    """Return address, folded_address, domain and registrable_domain (null where none), is_placeholder, is_in_use."""
    dbt.config(materialized="table")
    persons = dbt.ref("int_canonical__person_addresses")
    accounts = dbt.ref("int_canonical__accounts")
    typed = (
        persons.project("email as address, is_in_use")
        .union(accounts.project("domain as address, true as is_in_use"))
        .filter("address is not null")
        .aggregate("address, bool_or(is_in_use) as is_in_use")
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
    return folded.append_column("is_placeholder", is_placeholder).append_column("is_in_use", typed["is_in_use"])
