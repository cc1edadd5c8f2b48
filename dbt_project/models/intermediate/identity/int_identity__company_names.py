"""Distinct names of companies as typed, with the key by which they are compared."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from identity.normalisation.columns import matching
from identity.normalisation.company_name import LegalForms, company_names


def model(dbt: Any, session: DuckDBPyConnection) -> pa.Table:  # noqa: ANN401
    """Return company_name, company_key (null where no company is told) and legal_form."""
    dbt.config(materialized="table")
    persons = dbt.ref("int_canonical__persons")
    accounts = dbt.ref("int_canonical__accounts")
    typed = (
        persons.project("company_name")
        .union(accounts.project("account_name as company_name"))
        .filter("company_name is not null")
        .distinct()
        .to_arrow_table()
    )
    legal_forms = LegalForms(dbt.ref("legal_forms").project("written, legal_form, position").fetchall())
    patterns = dbt.ref("placeholder_values").filter("kind in ('any', 'name')").project("pattern").fetchall()
    names = company_names(typed["company_name"].combine_chunks(), legal_forms)
    is_placeholder = matching(names["company_name"], (pattern for (pattern,) in patterns))
    key = pc.if_else(is_placeholder, None, names["company_key"])
    return names.set_column(names.schema.get_field_index("company_key"), "company_key", key)
