with
salesforce_users as (
    select * from {{ ref('stg_salesforce__users') }}
),

file_owners as (
    select * from {{ ref('stg_files__owners') }}
),

unioned as (
    select
        source_system,
        user_id as record_id,
        user_name as owner_name,
        coalesce(department, role_name) as team,
        cast(null as varchar) as region,
        daily_capacity,
        is_active
    from salesforce_users

    union all

    select
        source_system,
        owner_id as record_id,
        owner_name,
        team,
        region,
        daily_capacity,
        cast(null as boolean) as is_active
    from file_owners
),

final as (
    select
        source_system || ':' || record_id as owner_id,
        source_system,
        record_id,
        owner_name,
        team,
        region,
        daily_capacity,
        is_active
    from unioned
)

select * from final
