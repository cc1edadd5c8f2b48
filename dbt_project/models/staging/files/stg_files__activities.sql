with
source as (
    select * from {{ source('raw', 'files__activity') }}
),

latest as (
    {{ latest_version('source', own_id='activity_id') }}
),

final as (
    select
        -- ids
        _source as source_system,
        coalesce(activity_id, _file || '#' || _row_number) as activity_id,
        lead_id,
        person_ref as person_id,
        {{ cleaned('owner_id') }} as owner_id,

        -- text
        {{ as_code('activity_type') }} as activity_type,
        {{ cleaned('result') }} as result,

        -- numbers
        duration_seconds,

        -- times
        occurred_at
    from latest
)

select * from final
