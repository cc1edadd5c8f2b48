-- What an account has only one of: a rule may not join two nodes that both stand inside one boundary, unless a
-- stronger rule has joined them already.
with
records as (
    select * from {{ ref('int_identity__account_records') }}
),

claims as (
    select * from {{ ref('int_identity__account_claims') }}
),

never_link as (
    select * from {{ ref('never_link') }}
),

-- Two numbers are two companies by law, also where a group shares its mail domain.
numbered as (
    select
        record_key as node_key,
        'corporate_number' as boundary,
        unnest(['account_domain', 'account_name']) as rule,
        'several corporate numbers' as reason
    from records
    where valid_number is not null
),

-- The tool itself keeps parent, subsidiaries and sisters apart. A branch has its company's number and is no company.
grouped as (
    select
        record_key as node_key,
        'group|' || group_key as boundary,
        unnest(['account_domain', 'account_name']) as rule,
        'several companies of one group' as reason
    from records
),

with_domain as (
    select distinct
        left_key as node_key,
        'domain' as boundary,
        'account_name' as rule,
        'several domains' as reason
    from claims
    where rule = 'account_domain' and coalesce(refused_reason, 'domain of its parent account') = 'domain of its parent account'
),

never_linked as (
    select left_key as node_key, 'never_link|' || left_key || '|' || right_key as boundary
    from never_link
    union all
    select right_key as node_key, 'never_link|' || left_key || '|' || right_key as boundary
    from never_link
),

forbidden as (
    select
        node_key,
        boundary,
        unnest([
            'always_link', 'account_merge', 'account_tool_id', 'account_corporate_number', 'account_domain', 'account_name'
        ]) as rule,
        'listed as two accounts' as reason
    from never_linked
),

final as (
    select * from numbered
    union all by name
    select * from grouped
    union all by name
    select * from with_domain
    union all by name
    select * from forbidden
)

select * from final
