"""Distinct e-mail addresses and web domains as typed, folded to one form, with their registrable domain."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection
from publicsuffixlist import PublicSuffixList


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
    addresses = typed["address"].combine_chunks()

    # NFKC turns the full-width characters that Japanese forms let through into their plain forms; DuckDB has only NFC.
    folded = pc.utf8_lower(pc.utf8_trim_whitespace(pc.utf8_normalize(addresses, "NFKC")))
    domains = pc.replace_substring_regex(folded, "^.*@", "").dictionary_encode()

    # The list is a Python library; it is asked once for each distinct domain.
    suffixes = PublicSuffixList()
    registrable = pa.array([suffixes.privatesuffix(name) for name in domains.dictionary.to_pylist()], pa.string())
    return pa.table(
        {
            "address": addresses,
            "folded_address": folded,
            "domain": domains.cast(pa.string()),
            "registrable_domain": registrable.take(domains.indices),
        }
    )
