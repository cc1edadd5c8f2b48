from typing import Any
from identity.components import connected_components
def model(dbt: Any, session: Any):
    dbt.config(materialized="table")
    return connected_components(dbt.ref("int_identity__account_links").filter("is_active").project("left_key, right_key").to_arrow_table())
