-- Every link of the person graph: record to identifier, with what its own rule says against it. Browsers are not in it:
-- they belong to persons for a time (int_identity__browser_owners), and accounts are a graph of their own.
with
persons as (
    select * from {{ ref('int_canonical__persons') }}
),

rules as (
    select * from {{ ref('identity_rules') }}
),

listed_pairs as (
    select * from {{ ref('int_identity__listed_pairs') }}
),

found as (
    select * from {{ ref('int_identity__email_links') }}
    union all by name
    select * from {{ ref('int_identity__tool_links') }}
    union all by name
    select * from {{ ref('int_identity__phone_links') }}
    union all by name
    select
        left_key,
        right_key,
        rule,
        wording as evidence,
        case when rule = 'never_link' then 'listed as two persons' end as refused_reason
    from listed_pairs
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

switched as (
    select
        once.left_key,
        once.right_key,
        once.rule,
        once.first_row,
        once.first_seen_at,
        once.last_seen_at,
        coalesce(
            once.refused_reason,
            case when not coalesce(rules.joins, false) then 'the rule is switched off (seed identity_rules)' end
        ) as refused_reason
    from once
    left join rules
        on once.rule = rules.rule
),

linked as (
    select distinct left_key
    from switched
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

exclusive_records as (
    select record_key
    from persons
    where is_exclusive
),

unioned as (
    select * from switched
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
                'unioned.first_seen_at', 'rules.strength', 'exclusive_records.record_key is not null'
            ])
        }} as link_fingerprint
    from unioned
    left join rules
        on unioned.rule = rules.rule
    left join exclusive_records
        on unioned.left_key = exclusive_records.record_key
)

select * from final
