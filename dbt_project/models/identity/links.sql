with
links as (
    select * from {{ ref('int_identity__links') }}
),

browser_links as (
    select * from {{ ref('int_identity__browser_links') }}
),

components as (
    select * from {{ ref('int_identity__components') }}
),

never_link as (
    select * from {{ ref('int_identity__listed_pairs') }}
    where rule = 'never_link'
),

persons as (
    select * from {{ ref('int_canonical__persons') }}
    where is_exclusive
),

account_links as (
    select * from {{ ref('int_identity__account_links') }}
),

probable_links as (
    select * from {{ ref('int_identity__probable_links') }}
),

exclusive as (
    select
        components.component_key,
        persons.source_system
    from components
    inner join persons
        on components.node_key = persons.record_key
),

-- An active link whose ends lie in two components was cut for a constraint.
cut as (
    select
        links.left_key,
        links.right_key,
        links.rule,
        left_components.component_key as left_component_key,
        right_components.component_key as right_component_key
    from links
    inner join components as left_components
        on links.left_key = left_components.node_key
    inner join components as right_components
        on links.right_key = right_components.node_key
    where links.is_active and left_components.component_key <> right_components.component_key
),

kept_apart as (
    select
        left_ends.component_key as left_component_key,
        right_ends.component_key as right_component_key
    from never_link
    inner join components as left_ends
        on never_link.left_key = left_ends.node_key
    inner join components as right_ends
        on never_link.right_key = right_ends.node_key
),

-- A link without a constraint that speaks against it stays active: the gate must see a component that is not finished.
cut_reasons as (
    select
        cut.left_key,
        cut.right_key,
        cut.rule,
        case
            when min(right_exclusive.source_system) is not null
                then 'second contact of ' || min(right_exclusive.source_system) || ' in one person; it did not merge them'
            when count(kept_apart.left_component_key) > 0 then 'would join what is listed as two persons'
        end as refused_reason
    from cut
    left join exclusive as left_exclusive
        on cut.left_component_key = left_exclusive.component_key
    left join exclusive as right_exclusive
        on
            cut.right_component_key = right_exclusive.component_key
            and left_exclusive.source_system = right_exclusive.source_system
    left join kept_apart
        on
            cut.left_component_key in (kept_apart.left_component_key, kept_apart.right_component_key)
            and cut.right_component_key in (kept_apart.left_component_key, kept_apart.right_component_key)
    group by cut.left_key, cut.right_key, cut.rule
),

final as (
    select
        links.left_key,
        links.right_key,
        links.rule,
        links.evidence,
        links.source_file,
        links.source_row_number,
        links.first_seen_at,
        links.last_seen_at,
        links.is_active and cut_reasons.refused_reason is null as is_active,
        coalesce(links.refused_reason, cut_reasons.refused_reason) as refused_reason
    from links
    left join cut_reasons
        on
            links.left_key = cut_reasons.left_key
            and links.right_key = cut_reasons.right_key
            and links.rule = cut_reasons.rule

    union all by name

    select
        {{ record_key('source_system', "'anonymous_id'", 'anonymous_id') }} as left_key,
        record_key as right_key,
        'anonymous_id_' || rule as rule,
        anonymous_id as evidence,
        source_file,
        source_row_number,
        first_seen_at,
        last_seen_at,
        refused_reason is null as is_active,
        refused_reason
    from browser_links

    union all by name

    select
        left_key,
        right_key,
        rule,
        evidence,
        source_file,
        source_row_number,
        first_seen_at,
        last_seen_at,
        is_active,
        refused_reason
    from account_links

    union all by name

    select
        left_component_key as left_key,
        right_component_key as right_key,
        'probable' as rule,
        cast(probability as varchar) as evidence,
        is_joined as is_active,
        reason as refused_reason
    from probable_links
)

select * from final
