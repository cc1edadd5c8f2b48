with
source as (
    select * from {{ source('raw', 'zoom_webinar__participants') }}
),

latest as (
    {{ latest_version('source', key=['webinar_id', 'user_id', 'registrant_id', 'user_email', 'join_time']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        webinar_id,
        registrant_id,
        lower({{ cleaned('user_email') }}) as email,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        {{ cleaned('name') }} as display_name,

        -- numbers
        duration as seconds_in_session,

        -- times
        join_time as joined_at,
        leave_time as left_at
    from latest
    where coalesce(status, '') <> 'in_waiting_room'
)

select * from final
