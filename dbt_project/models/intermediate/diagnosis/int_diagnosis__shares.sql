{%- set email_rates = {
    'open_rate': ['opened', 'delivered'], 'click_rate': ['clicked', 'opened'], 'delivery_rate': ['not_bounced', 'mails'],
    'unsubscribe_rate': ['unsubscribed', 'delivered'], 'email_conversion_rate': ['converted', 'delivered'],
} -%}

with
causes as (
    select * from {{ ref('diagnosis_causes') }}
),

kpi_catalogue as (
    select * from {{ ref('kpi_catalogue') }}
),

kpi_values as (
    select * from {{ ref('mart_kpi_values') }}
    where period_grain in ('month', 'quarter')
),

mails as (
    select * from {{ ref('mart_email_performance') }}
    where period_grain in ('month', 'quarter')
),

response_times as (
    select * from {{ ref('mart_response_times') }}
    where period_grain in ('month', 'quarter') and leg = 'form_to_touch'
),

groups as (
    select * from {{ ref('int_diagnosis__groups') }}
),

wholes as (
    select
        kpi_values.kpi_id,
        kpi_values.period_grain,
        kpi_values.period_start,
        kpi_values.numerator as successes,
        kpi_values.denominator as trials
    from kpi_values
    inner join kpi_catalogue on kpi_values.kpi_id = kpi_catalogue.kpi_id
    where kpi_values.dimension = 'overall' and kpi_catalogue.aggregation = 'ratio' and kpi_catalogue.unit = 'ratio'
),

mail_shares as (
    {% for kpi_id, parts in email_rates.items() %}
    select
        '{{ kpi_id }}' as kpi_id,
        period_grain,
        period_start,
        dimension,
        dimension_value,
        {{ parts[0] }} as successes,
        {{ parts[1] }} as trials
    from mails
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

period_groups as (
    {% for grain in ['month', 'quarter'] %}
    select
        kpi_id,
        '{{ grain }}' as period_grain,
        cast({{ dbt.date_trunc(grain, 'date_on') }} as date) as period_start,
        dimension,
        dimension_value,
        sum(successes) as successes,
        sum(trials) as trials
    from groups
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- One source a KPI and dimension; mart_kpi_values, where it has the dimension.
grouped as (
    select
        kpi_id,
        period_grain,
        period_start,
        dimension,
        dimension_value,
        numerator as successes,
        denominator as trials
    from kpi_values
    where dimension != 'overall'
    union all
    select * from mail_shares
    where dimension not in ('overall', 'campaign', 'content')
    union all
    select * from period_groups
),

held_against_whole as (
    select
        grouped.*,
        wholes.successes as all_successes,
        wholes.trials as all_trials
    from grouped
    inner join wholes
        on
            grouped.kpi_id = wholes.kpi_id
            and grouped.period_grain = wholes.period_grain
            and grouped.period_start = wholes.period_start
    where grouped.dimension not in ('form_page')
    union all
    -- A session that began two forms counts on both pages, so the pages' own sum is the whole.
    select
        *,
        sum(successes) over (partition by kpi_id, period_grain, period_start) as all_successes,
        sum(trials) over (partition by kpi_id, period_grain, period_start) as all_trials
    from grouped
    where dimension = 'form_page'
    union all
    -- A median has no successes: the share that was answered within its benchmark of two hours stands for it.
    select
        'median_form_to_sal_minutes' as kpi_id,
        response_times.period_grain,
        response_times.period_start,
        response_times.dimension,
        response_times.dimension_value,
        response_times.within_2_hours as successes,
        response_times.decided_2_hours as trials,
        overall.within_2_hours as all_successes,
        overall.decided_2_hours as all_trials
    from response_times
    inner join response_times as overall
        on
            response_times.period_grain = overall.period_grain
            and response_times.period_start = overall.period_start
            and overall.dimension = 'overall'
),

final as (
    select
        held_against_whole.kpi_id,
        held_against_whole.period_grain,
        held_against_whole.period_start,
        held_against_whole.dimension,
        held_against_whole.dimension_value,
        kpi_catalogue.direction = 'up' or kpi_catalogue.aggregation = 'median' as is_more_better,
        cast(held_against_whole.successes as bigint) as successes,
        cast(held_against_whole.trials as bigint) as trials,
        cast(held_against_whole.all_successes - held_against_whole.successes as bigint) as rest_successes,
        cast(held_against_whole.all_trials - held_against_whole.trials as bigint) as rest_trials
    from held_against_whole
    inner join kpi_catalogue on held_against_whole.kpi_id = kpi_catalogue.kpi_id
    inner join causes
        on held_against_whole.kpi_id = causes.kpi_id and held_against_whole.dimension = causes.dimension
    where held_against_whole.trials > 0
)

select * from final
