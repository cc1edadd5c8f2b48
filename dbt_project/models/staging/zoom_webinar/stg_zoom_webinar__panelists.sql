with
source as (
    select * from {{ source('raw', 'zoom_webinar__panelists') }}
),

latest as (
    {{ latest_version('source', key=['webinar_id', 'id']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        webinar_id,
        id as panelist_id,
        lower({{ cleaned('email') }}) as email
    from latest
)

select * from final
