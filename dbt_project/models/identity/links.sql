with
links as (
    select * from {{ ref('int_identity__links') }}
),

anonymous_links as (
    select * from {{ ref('int_identity__anonymous_links') }}
),

final as (
    select
        left_key,
        right_key,
        rule,
        evidence,
        first_seen_at,
        is_active,
        refused_reason
    from links

    union all

    select
        left_key,
        right_key,
        'anonymous_id_' || rule as rule,
        anonymous_id as evidence,
        first_seen_at,
        refused_reason is null as is_active,
        refused_reason
    from anonymous_links
)

select * from final
