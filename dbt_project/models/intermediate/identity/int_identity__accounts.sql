-- The account of each CRM account record and of each business domain.
with
accounts as (
    select * from {{ ref('int_canonical__accounts') }}
),

emails as (
    select * from {{ ref('int_identity__emails') }}
),

components as (
    select * from {{ ref('int_identity__account_components') }}
),

nodes as (
    select record_key as node_key from accounts
    union
    select 'domain|' || registrable_domain as node_key from emails
    where is_business
    union
    select node_key from components
    where starts_with(node_key, 'domain|')
),

grouped as (
    select
        nodes.node_key,
        coalesce(cast(components.component as varchar), nodes.node_key) as component
    from nodes
    left join components
        on nodes.node_key = components.node_key
),

-- A domain names the account where there is one: it outlives the records of any one tool.
final as (
    select
        node_key,
        first_value(node_key) over (
            partition by component
            order by starts_with(node_key, 'domain|') desc, node_key asc
            rows between unbounded preceding and unbounded following
        ) as account_key,
        {{ surrogate_key(['account_key']) }} as account_id
    from grouped
)

select * from final
