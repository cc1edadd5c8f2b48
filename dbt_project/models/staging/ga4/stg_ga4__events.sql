-- A table, unlike other staging models: at millions of hits, deduplicating them is the dear part, and three models read them.
{{ config(materialized='table') }}

with
source as (
    select * from {{ source('raw', 'ga4__events') }}
),

parameters as (
    select
        *,
        {{ field_of_each('event_params', 'key') }} as parameter_names,
        {{ field_of_each('event_params', 'value') }} as parameter_values
    from source
),

-- Flat first: sorting out repeats costs a third when the nested columns are gone.
flattened as (
    select
        _source,
        _delivered_at,
        _loaded_at,
        _file,
        _row_number,
        -- GA4 gives no event id; these columns tell its hits apart.
        {{
            surrogate_key([
                '_source',
                'user_pseudo_id',
                'event_timestamp',
                'event_name',
                'event_bundle_sequence_id',
                'batch_event_index',
            ])
        }} as event_id,
        user_pseudo_id,
        user_id,
        event_name,
        {{ value_named('parameter_names', 'parameter_values', 'page_location') }}.string_value as page_url,
        {{ value_named('parameter_names', 'parameter_values', 'page_referrer') }}.string_value as referrer,
        device.web_info.browser as browser,
        device.web_info.hostname as hostname,
        coalesce(
            collected_traffic_source.manual_source,
            case when collected_traffic_source.gclid is not null then 'google' end,
            {{ value_named('parameter_names', 'parameter_values', 'source') }}.string_value
        ) as traffic_source,
        coalesce(
            collected_traffic_source.manual_medium,
            case when collected_traffic_source.gclid is not null then 'cpc' end,
            {{ value_named('parameter_names', 'parameter_values', 'medium') }}.string_value
        ) as traffic_medium,
        coalesce(
            collected_traffic_source.manual_campaign_name,
            {{ value_named('parameter_names', 'parameter_values', 'campaign') }}.string_value
        ) as traffic_campaign,
        -- Custom events of the site name what they are about; a link's own id stands for its call to action.
        coalesce(
            {{ value_named('parameter_names', 'parameter_values', 'cta_id') }}.string_value,
            case
                when event_name in ('cta_view', 'cta_click')
                    then {{ value_named('parameter_names', 'parameter_values', 'link_id') }}.string_value
            end
        ) as cta_id,
        {{ value_named('parameter_names', 'parameter_values', 'form_id') }}.string_value as form_id,
        {{ value_named('parameter_names', 'parameter_values', 'file_name') }}.string_value as file_name,
        {{ value_named('parameter_names', 'parameter_values', 'engagement_time_msec') }}.int_value
            as engagement_milliseconds,
        {{ value_named('parameter_names', 'parameter_values', 'percent_scrolled') }}.int_value as percent_scrolled,
        {%- set event_value = value_named('parameter_names', 'parameter_values', 'value') %}
        coalesce({{ event_value }}.double_value, {{ event_value }}.float_value, {{ event_value }}.int_value)
            as event_value,
        {{ from_epoch_microseconds('event_timestamp') }} as occurred_at
    from parameters
),

-- A day's file that is delivered again repeats its hits.
latest as (
    {{ latest_version('flattened', key=['event_id']) }}
),

final as (
    select
        -- ids
        _source as source_system,
        event_id,
        user_pseudo_id as anonymous_id,
        user_id,
        cta_id,
        form_id,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        event_name,
        page_url,
        file_name,
        referrer,
        browser,
        hostname,
        traffic_source,
        traffic_medium,
        traffic_campaign,

        -- numbers
        engagement_milliseconds,
        percent_scrolled,
        event_value,

        -- times
        occurred_at
    from latest
)

select * from final
