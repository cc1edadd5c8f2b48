with
source as (
    select * from {{ source('raw', 'zoom_webinar__registrants') }}
),

latest as (
    {{ latest_version('source', key=['webinar_id', 'id']) }}
),

-- Each answer holds all registrants of its webinar: who is no longer in the last one has cancelled.
registered as (
    select *
    from latest
    qualify _delivered_at = max(_delivered_at) over (partition by _source, webinar_id)
),

final as (
    select
        -- ids
        _source as source_system,
        webinar_id,
        id as registrant_id,
        lower({{ cleaned('email') }}) as email,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        {{ cleaned('last_name') }} as last_name,
        {{ cleaned('first_name') }} as first_name,
        {{ cleaned('org') }} as company_name,
        {{ cleaned('phone') }} as phone,

        -- times
        create_time as registered_at
    from registered
)

select * from final
