with
source as (
    select * from {{ source('raw', 'files__cost') }}
),

latest as (
    {{ latest_version('source', own_id="cast(null as varchar)") }}
),

final as (
    select
        -- ids
        _source as source_system,
        _file || '#' || _row_number as cost_line_id,
        lower({{ cleaned('campaign_id') }}) as campaign_id,

        -- text
        {{ as_code('cost_type') }} as cost_type,
        {{ as_code('channel') }} as channel,
        upper({{ cleaned('currency') }}) as currency,

        -- numbers
        amount,

        -- times
        occurred_on
    from latest
)

select * from final
