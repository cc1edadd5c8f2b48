-- The account of each account record, business domain and identifier.
with
records as (
    select * from {{ ref('int_identity__account_records') }}
),

emails as (
    select * from {{ ref('int_identity__emails') }}
),

components as (
    select * from {{ ref('int_identity__account_components') }}
),

nodes as (
    select record_key as node_key from records
    union
    select 'domain|' || registrable_domain as node_key from emails
    where is_business and is_in_use
    union
    select node_key from components
),

grouped as (
    select
        nodes.node_key,
        coalesce(cast(components.component as varchar), nodes.node_key) as component,
        case
            when starts_with(nodes.node_key, 'domain|') then 1
            when starts_with(nodes.node_key, 'corporate_number|') then 2
            when starts_with(nodes.node_key, 'company_name|') then 4
            else 3
        end as naming_order
    from nodes
    left join components
        on nodes.node_key = components.node_key
),

-- A domain names the account where there is one, else the corporate number: they outlive the records of any one tool.
final as (
    select
        node_key,
        first_value(node_key) over (
            partition by component
            order by naming_order asc, node_key asc
            rows between unbounded preceding and unbounded following
        ) as account_key,
        {{ surrogate_key(['account_key']) }} as account_id
    from grouped
)

select * from final
