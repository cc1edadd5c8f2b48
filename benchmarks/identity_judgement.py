"""Identity of one finished home beside the ground truth of its simulated company, counted in SQL.

Two records are a pair when they are one person's (or one company's). Pairs are counted from the sizes of the
intersections of what is true and what was found, sum n (n - 1) / 2, and never listed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import duckdb

Row = dict[str, Any]


class Scores(NamedTuple):
    """Pairs that were found, those that should have been, and those of both."""

    right: int
    found: int
    expected: int

    @property
    def precision(self) -> float | None:
        """Share of the found pairs that are right; none where nothing was found."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of the expected pairs that were found; none where nothing is expected."""
        return self.right / self.expected if self.expected else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall."""
        whole = self.found + self.expected
        return 2 * self.right / whole if whole else None


def open_judged(home: Path, company: Path) -> duckdb.DuckDBPyConnection:
    """Return a connection in which what was found stands beside what is true.

    Args:
        home: data home of a finished run; only read.
        company: folder that `leadmill simulate` wrote, with `truth/`.

    Returns:
        A connection with the tables `records`, `sessions`, `account_records` (true_key, found_key, is_knowable and the
        item's own key), `employments` (a record's company) and the attached database `warehouse`.
    """
    connection = duckdb.connect()
    warehouse, truth = (str(path).replace("'", "''") for path in (home / "warehouse.duckdb", company / "truth"))
    connection.execute(f"attach '{warehouse}' as warehouse (read_only)")
    for table in ("records", "people", "accounts", "sessions", "messages"):
        connection.execute(f"create view true_{table} as from read_parquet('{truth}/{table}.parquet')")
    connection.execute(_JUDGED)
    return connection


def pair_scores(connection: duckdb.DuckDBPyConnection, relation: str) -> Scores:
    """Score the pairs within one relation with columns true_key and found_key; null keys are in no pair."""
    return _scores(
        connection,
        f"""
        with cells as (select true_key, found_key, count(*) as n from ({relation}) group by true_key, found_key),
        found as (
            select sum(n) as n from cells where found_key is not null and true_key is not null group by found_key
        ),
        expected as (select sum(n) as n from cells where true_key is not null group by true_key)
        select
            (select sum(n * (n - 1) // 2) from cells where true_key is not null and found_key is not null),
            (select sum(n * (n - 1) // 2) from found),
            (select sum(n * (n - 1) // 2) from expected)
        """,
    )


def cross_scores(connection: duckdb.DuckDBPyConnection, left: str, right: str) -> Scores:
    """Score the pairs of an item of `left` and one of `right`; both have columns true_key and found_key."""
    return _scores(
        connection,
        f"""
        with left_items as (
            select true_key, found_key, count(*) as n from ({left}) where true_key is not null
            group by true_key, found_key
        ),
        right_items as (
            select true_key, found_key, count(*) as n from ({right}) where true_key is not null
            group by true_key, found_key
        ),
        found as (
            select l.true_key = r.true_key as is_right, l.n * r.n as n
            from left_items as l join right_items as r on l.found_key = r.found_key
        ),
        expected as (
            select l.n * r.n as n from left_items as l join right_items as r on l.true_key = r.true_key
        )
        select (select sum(n) from found where is_right), (select sum(n) from found), (select sum(n) from expected)
        """,
    )


def rule_rows(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return, for each rule, and for what it refused and why, its links, the pairs they connect and the right ones.

    Rules of persons and of accounts alike. A pair is connected by a link between the two, or by two links to one
    identifier. Only records with a known truth count.
    """
    return [
        *_rows(connection, _RULES.format(is_account=False, items="linked_records")),
        *_rows(connection, _RULES.format(is_account=True, items="account_records")),
    ]


def false_persons(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return the found persons that hold records of several true ones, with the rules that join them."""
    return _rows(connection, _FALSE_PERSONS)


def missed_persons(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return the true persons whose records are several found ones, with what was refused among them."""
    return _rows(connection, _MISSED_PERSONS)


def wrong_browsers(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return browsers with sessions that were given to a stranger, or to nobody though a form or login told whose."""
    return _rows(connection, _WRONG_BROWSERS)


def missing_companies(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return the records of people whose company was not found though it is knowable, counted by their kind."""
    return _rows(connection, _MISSING_COMPANIES)


def _scores(connection: duckdb.DuckDBPyConnection, query: str) -> Scores:
    right, found, expected = connection.execute(query).fetchall()[0]
    return Scores(int(right or 0), int(found or 0), int(expected or 0))


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    return list(connection.sql(query).to_arrow_table().to_pylist())


_JUDGED = """
    create table records as
    with judged as (
        select source_system, record_type, record_id, person_key, is_knowable
        from true_records
        where record_type <> 'anonymous_id'
        union all
        -- The truth knows to whom each mail was meant, and so whose the address is that it was sent to.
        select distinct sent._source, 'subscriber', trim(sent.recipient, ' 　'), messages.person_key, true
        from warehouse.raw.hubspot__email_events as sent
        join true_messages as messages on sent.id = messages.sent_event_id
        where sent.type = 'SENT'
    )
    select
        concat_ws('|', judged.source_system, judged.record_type, judged.record_id) as record_key,
        judged.person_key as true_key,
        found.person_id as found_key,
        found.account_id,
        people.account_key,
        judged.is_knowable and people.is_knowable as is_knowable
    from judged
    join true_people as people using (person_key)
    left join warehouse.identity.record_person as found using (source_system, record_type, record_id);

    -- The truth does not tell who sat at a shared browser when: such sessions have no true_key.
    create table sessions as
    select
        sessions.anonymous_id, browsers.person_key as true_key, owners.person_id as found_key,
        coalesce(browsers.is_knowable and people.is_knowable, false) as is_knowable
    from true_sessions as sessions
    join true_records as browsers
        on browsers.record_type = 'anonymous_id' and sessions.anonymous_id = browsers.record_id
    left join true_people as people using (person_key)
    left join warehouse.identity.browser_owners as owners
        on sessions.anonymous_id = owners.anonymous_id
            and (owners.valid_from is null or owners.valid_from <= sessions.started_at)
            and (owners.valid_to is null or sessions.started_at < owners.valid_to);

    -- What links tie: records and browsers.
    create table linked_records as
    select record_key, true_key from records
    union all
    select concat_ws('|', source_system, record_type, record_id), person_key
    from true_records
    where record_type = 'anonymous_id' and person_key is not null;

    create table account_records as
    select concat_ws('|', accounts.source_system, 'account', accounts.record_id) as record_key,
        accounts.account_key as true_key, found.account_id as found_key
    from true_accounts as accounts
    left join warehouse.intermediate.int_identity__accounts as found
        on concat_ws('|', accounts.source_system, 'account', accounts.record_id) = found.node_key;

    -- Free mail tells no company: that of such a person is found where a tool knows it, but not expected.
    create table employments as
    select records.record_key, records.account_key as true_key, records.account_id as found_key,
        records.is_knowable and not people.is_free_mail as is_knowable
    from records
    join true_people as people on records.true_key = people.person_key
"""

_RULES = """
    with links as (
        select *, coalesce(refused_reason, '') as refused, starts_with(rule, 'anonymous_id_') as is_browser
        from warehouse.identity.links
        where rule <> 'record' and starts_with(rule, 'account_') = {is_account}
    ),
    counted as (
        select rule, refused, count(*) as links
        from links
        group by rule, refused
    ),
    direct as (
        select links.rule, links.refused, count(*) as pairs,
            count(*) filter (where left_items.true_key = right_items.true_key) as right_pairs
        from links
        join {items} as left_items on links.left_key = left_items.record_key
        join {items} as right_items on links.right_key = right_items.record_key
        group by links.rule, links.refused
    ),
    cells as (
        select links.rule, links.refused, links.right_key, items.true_key, count(*) as n
        from links
        join {items} as items on links.left_key = items.record_key
        anti join {items} as ends on links.right_key = ends.record_key
        where not links.is_browser
        group by links.rule, links.refused, links.right_key, items.true_key
    ),
    by_identifier as (
        select rule, refused, sum(n) as n, sum(n * (n - 1) // 2) as right_pairs
        from cells
        group by rule, refused, right_key
    ),
    pairs as (
        select rule, refused, pairs, right_pairs from direct
        union all
        select rule, refused, n * (n - 1) // 2, right_pairs from by_identifier
    )
    select
        counted.rule, counted.refused, counted.links, coalesce(sum(pairs.pairs), 0)::bigint as pairs,
        coalesce(sum(pairs.right_pairs), 0)::bigint as right_pairs
    from counted
    left join pairs on counted.rule = pairs.rule and counted.refused = pairs.refused
    group by counted.rule, counted.refused, counted.links
    order by counted.refused <> '', counted.rule, counted.refused
"""

_FALSE_PERSONS = """
    with parts as (
        select found_key, true_key, list(record_key order by record_key) as records
        from records
        where found_key is not null
        group by found_key, true_key
    ),
    persons as (
        select found_key, list(records order by records) as parts
        from parts
        group by found_key
        having count(*) > 1
    )
    select persons.parts, list(distinct links.rule order by links.rule) as rules
    from persons
    join records using (found_key)
    join warehouse.identity.links as links
        on records.record_key = links.left_key and links.is_active and links.rule <> 'record'
    group by persons.found_key, persons.parts
    order by persons.parts
"""

_MISSED_PERSONS = """
    with parts as (
        select true_key, found_key, list(record_key order by record_key) as records,
            bool_and(is_knowable) as is_knowable
        from records
        group by true_key, found_key
    ),
    persons as (
        select true_key, list(records order by records) as parts, bool_and(is_knowable) as is_knowable
        from parts
        group by true_key
        having count(*) > 1
    ),
    refusals as (
        select distinct records.true_key, links.rule || ': ' || links.refused_reason as refusal
        from records
        join warehouse.identity.links as links on records.record_key in (links.left_key, links.right_key)
        where not links.is_active and not starts_with(links.rule, 'anonymous_id_')
    )
    select persons.parts, persons.is_knowable,
        coalesce(list(refusal order by refusal) filter (where refusal is not null), []) as refusals
    from persons
    left join refusals using (true_key)
    group by persons.true_key, persons.parts, persons.is_knowable
    order by persons.is_knowable desc, persons.parts
"""

_WRONG_BROWSERS = """
    with persons as (select distinct true_key, found_key from records where found_key is not null),
    judged as (
        select sessions.*, persons.found_key is not null as is_right
        from sessions
        left join persons on sessions.true_key = persons.true_key and sessions.found_key = persons.found_key
        where sessions.true_key is not null
    )
    select anonymous_id, if(found_key is null, 'nobody', 'a stranger') as given_to, count(*) as sessions,
        (
            select list_sort(list(distinct rule || ': ' || coalesce(refused_reason, 'counts')))
            from warehouse.identity.links as links
            where links.evidence = judged.anonymous_id and starts_with(links.rule, 'anonymous_id_')
        ) as links
    from judged
    where (found_key is null and is_knowable) or (found_key is not null and not is_right)
    group by anonymous_id, found_key is null
    order by anonymous_id, given_to
"""

_MISSING_COMPANIES = """
    select
        split_part(record_key, '|', 1) || ' ' || split_part(record_key, '|', 2) as kind,
        case
            when persons.email is null then 'no address'
            when emails.is_placeholder then 'a placeholder for an address'
            else 'an address'
        end as has,
        count(*) as records
    from employments
    join warehouse.intermediate.int_canonical__persons as persons using (record_key)
    left join warehouse.intermediate.int_identity__emails as emails on persons.email = emails.email
    where is_knowable and true_key is not null and found_key is null
    group by kind, has
    order by kind, has
"""
