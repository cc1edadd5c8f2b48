-- Every link of the person graph: record to identifier, with what its own rule says against it. Browsers are not in it:
-- they belong to persons for a time (int_identity__browser_owners), and accounts are a graph of their own.
with
persons as (
    select * from {{ ref('int_canonical__persons') }}
),

rules as (
    select * from {{ ref('identity_rules') }}
),

never_link as (
    select * from {{ ref('never_link') }}
),

found as (
    select * from {{ ref('int_identity__email_links') }}
    union all by name
    select * from {{ ref('int_identity__tool_links') }}
    union all by name
    select * from {{ ref('int_identity__phone_links') }}
    union all by name
    select left_key, right_key, 'always_link' as rule, wording as evidence
    from {{ ref('always_link') }}
    union all by name
    select left_key, right_key, 'never_link' as rule, wording as evidence, 'listed as two persons' as refused_reason
    from never_link
),

-- One row a link: of several rows that tell the same, the first one seen is its evidence.
once as (
    select
        left_key,
        right_key,
        rule,
        arg_min(
            (evidence, source_file, source_row_number),
            (first_seen_at is null, first_seen_at, coalesce(evidence, ''))
        ) as first_row,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        max(refused_reason) as refused_reason
    from found
    where left_key <> right_key
    group by left_key, right_key, rule
),

linked as (
    select distinct left_key
    from once
    where refused_reason is null
),

-- A record that shares nothing is a person too.
alone as (
    select
        persons.record_key as left_key,
        persons.record_key as right_key,
        'record' as rule,
        (cast(null as varchar), persons.source_file, persons.source_row_number) as first_row,
        persons.created_at as first_seen_at,
        persons.updated_at as last_seen_at,
        cast(null as varchar) as refused_reason
    from persons
    left join linked
        on persons.record_key = linked.left_key
    where linked.left_key is null
),

unioned as (
    select * from once
    union all
    select * from alone
),

final as (
    select
        unioned.left_key,
        unioned.right_key,
        unioned.rule,
        unioned.first_row[1] as evidence,
        unioned.first_row[2] as source_file,
        unioned.first_row[3] as source_row_number,
        unioned.first_seen_at,
        unioned.last_seen_at,
        unioned.refused_reason is null as is_active,
        unioned.refused_reason,
        -- What the person graph depends on, in one number: a night compares it with the last one's. A record is the left
        -- end of one link at least, so what the record itself decides stands there too.
        {{
            fingerprint([
                'unioned.left_key', 'unioned.right_key', 'unioned.rule', 'unioned.refused_reason is null',
                'unioned.first_seen_at', 'rules.strength', 'persons.is_exclusive'
            ])
        }} as link_fingerprint
    from unioned
    left join rules
        on unioned.rule = rules.rule
    left join persons
        on unioned.left_key = persons.record_key
)

select * from final
