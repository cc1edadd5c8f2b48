"""Which links of accounts to refuse so that companies that are known to differ never become one account."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from identity.components import connected_components


def refuse_conflicts(claims: pa.Table, boundaries: pa.Table, rules: Sequence[str]) -> pa.Table:
    """Refuse the links by which two parts inside one boundary would become one account.

    Rules are applied from the strongest to the weakest. What the stronger rules have joined is one part; where links of
    the next rule would join several parts that all stand inside one boundary, the links of these parts are refused and
    those of other parts stay. Conflicts around one identifier are settled first, then those along chains of links.
    The result depends on the content alone, not on the order of rows.

    Args:
        claims: columns `left_key`, `right_key`, `rule` (one of `rules`), `refused_reason` (null where nothing speaks
            against the link by itself) and any others, which are kept.
        boundaries: columns `node_key`, `boundary`, `rule` (that the boundary binds) and `reason`.
        rules: from the strongest to the weakest.

    Returns:
        The claims with their final `refused_reason`, and `is_active`.
    """
    with duckdb.connect() as connection:
        connection.register("claims", claims)
        connection.register("boundaries", boundaries)
        connection.execute("create table links as from claims")
        found = connection.sql("select rule from claims intersect select rule from boundaries").fetchall()
        for stronger, rule in enumerate(rules):
            if (rule,) in found:
                _find_parts(connection, rules[:stronger])
                _refuse(connection, rule, along_chains=False)
                _refuse(connection, rule, along_chains=True)
        return connection.sql("select *, refused_reason is null as is_active from links").to_arrow_table()


def _find_parts(connection: duckdb.DuckDBPyConnection, rules: Sequence[str]) -> None:
    """Make one part of what the active links of the rules connect."""
    active = connection.sql(
        "select left_key, right_key from links where refused_reason is null and list_contains($rules, rule)",
        params={"rules": list(rules)},
    ).to_arrow_table()
    connection.register("components", connected_components(active))
    connection.execute(
        "create or replace table parts as select node_key, cast(component as varchar) as part from components"
    )


def _refuse(connection: duckdb.DuckDBPyConnection, rule: str, *, along_chains: bool) -> None:
    """Refuse links of the rule that join bounded parts around one identifier, or anywhere in one component."""
    connection.execute(
        """
        create or replace table candidates as
        select
            links.rowid as link,
            right_key as meeting,
            coalesce(left_parts.part, left_key) as left_part,
            coalesce(right_parts.part, right_key) as right_part
        from links
        left join parts as left_parts on left_key = left_parts.node_key
        left join parts as right_parts on right_key = right_parts.node_key
        where rule = $rule and refused_reason is null
        """,
        {"rule": rule},
    )
    if along_chains:
        ends = connection.sql("select left_part as left_key, right_part as right_key from candidates").to_arrow_table()
        connection.register("chains", connected_components(ends))
        connection.execute(
            """
            create or replace table candidates as
            select link, cast(component as varchar) as meeting, left_part, right_part
            from candidates join chains on left_part = node_key
            """
        )
    # A table for each step: as one query, the planner joins them in an order that takes hours.
    connection.execute(
        """
        create or replace table guests as
        select link, meeting, unnest([left_part, right_part]) as part from candidates
        """
    )
    connection.execute(
        """
        create or replace table bounded as
        select coalesce(part, node_key) as part, boundary, min(reason) as reason
        from boundaries left join parts using (node_key)
        where rule = $rule
        group by all
        """,
        {"rule": rule},
    )
    connection.execute(
        """
        create or replace table crossings as
        select meeting, boundary from guests join bounded using (part) group by all having count(distinct part) > 1
        """
    )
    connection.execute(
        """
        create or replace table refusals as
        select link, min(reason) as reason
        from guests join bounded using (part) join crossings using (meeting, boundary)
        group by link
        """
    )
    connection.execute("update links set refused_reason = reason from refusals where links.rowid = link")
