with
lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

micro_conversions as (
    select * from {{ ref('fct_micro_conversions') }}
    where reach_number = 1
),

definitions as (
    select * from {{ ref('dim_micro_conversion') }}
    where is_active
),

offline_conversions as (
    select * from {{ ref('offline_conversions') }}
),

contacts as (
    select * from {{ ref('int_activation__contacts') }}
),

click_ids as (
    select * from {{ ref('int_activation__click_ids') }}
),

conversions as (
    {% for stage in ['mql', 'sal', 'sql', 'opportunity', 'won'] -%}
    select
        {{ surrogate_key(["'" ~ stage ~ "'", 'lifecycle.lead_id']) }} as conversion_id,
        offline_conversions.conversion_name,
        offline_conversions.role,
        offline_conversions.event_name_meta,
        offline_conversions.event_type_linkedin,
        lifecycle.person_id,
        lifecycle.{{ stage }}_at as converted_at,
        case when offline_conversions.carries_amount then lifecycle.won_amount end as value
    from lifecycle
    inner join offline_conversions
        on offline_conversions.journey_stage = '{{ stage }}'
    where lifecycle.{{ stage }}_at is not null

    union all

    {% endfor -%}
    select
        micro_conversions.micro_conversion_id as conversion_id,
        definitions.mcv_name as conversion_name,
        definitions.role,
        'Other' as event_name_meta,
        'OTHER' as event_type_linkedin,
        micro_conversions.person_id,
        micro_conversions.reached_at as converted_at,
        cast(null as decimal(18, 2)) as value
    from micro_conversions
    inner join definitions
        on micro_conversions.mcv_id = definitions.mcv_id
),

recent as (
    select
        conversions.*,
        contacts.email,
        contacts.phone
    from conversions
    inner join contacts
        on conversions.person_id = contacts.person_id
    where conversions.converted_at >= {{ dbt.dateadd('day', '-' ~ var('offline_conversion_days'), as_of()) }}
),

-- The last click before the conversion.
clicked as (
    select
        recent.conversion_id,
        arg_max(click_ids.click_id, (click_ids.clicked_at, click_ids.click_id)) filter (where click_ids.parameter = 'gclid') as gclid,
        arg_max(click_ids.click_id, (click_ids.clicked_at, click_ids.click_id)) filter (where click_ids.parameter = 'fbclid') as fbclid,
        max(click_ids.clicked_at) filter (where click_ids.parameter = 'fbclid') as fbclid_clicked_at
    from recent
    inner join click_ids
        on
            recent.person_id = click_ids.person_id
            and recent.converted_at >= click_ids.clicked_at
    group by recent.conversion_id
),

final as (
    select
        recent.conversion_id,
        recent.conversion_name,
        recent.role,
        recent.event_name_meta,
        recent.event_type_linkedin,
        recent.person_id,
        recent.email,
        recent.phone,
        clicked.gclid,
        clicked.fbclid,
        clicked.fbclid_clicked_at,
        recent.value,
        '{{ var("reporting_currency") }}' as currency,
        recent.converted_at
    from recent
    left join clicked
        on recent.conversion_id = clicked.conversion_id
)

select * from final
