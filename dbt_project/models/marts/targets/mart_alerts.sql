{%- set settings = alert_settings() -%}

with
forecasts as (
    select * from {{ ref('mart_forecast') }}
),

targets as (
    select * from {{ ref('mart_targets') }}
),

kpi_catalogue as (
    select * from {{ ref('kpi_catalogue') }}
),

kpi_set_review as (
    select * from {{ ref('mart_kpi_set_review') }}
),

-- Running periods that will probably be missed.
expected_misses as (
    select
        'forecast' as kind,
        case
            when forecasts.miss_probability >= {{ settings.critical_probability }} then 'critical'
            else 'warning'
        end as severity,
        targets.target_id,
        forecasts.value_so_far as value,
        forecasts.forecast,
        forecasts.forecast_low,
        forecasts.forecast_high,
        forecasts.miss_probability,
        forecasts.remaining_days as days_left
    from forecasts
    inner join targets on forecasts.target_id = targets.target_id
    where forecasts.is_chosen and forecasts.miss_probability >= {{ settings.warning_probability }}
),

judged as (
    select
        targets.*,
        kpi_catalogue.direction,
        kpi_catalogue.aggregation,
        cast({{ dbt.datediff(business_day(as_of()), 'targets.period_end', 'day') }} as bigint) as days_left,
        cast({{ dbt.datediff('targets.period_start', 'targets.period_end', 'day') }} as double) as period_days
    from targets
    inner join kpi_catalogue on targets.kpi_id = kpi_catalogue.kpi_id
    where targets.is_accepted and targets.actual is not null
),

-- What can't be forecast is told as it stands; a campaign is told when it has ended.
standing_misses as (
    select
        'so_far' as kind,
        'warning' as severity,
        target_id,
        actual as value,
        cast(null as double) as forecast,
        cast(null as double) as forecast_low,
        cast(null as double) as forecast_high,
        cast(null as double) as miss_probability,
        days_left
    from judged
    where
        status = 'running'
        and judged = 'continuous'
        and aggregation not in ('sum', 'ratio')
        and days_left <= period_days * (1 - {{ settings.so_far_share }})
        and {{ is_missed('actual', 'miss_limit', 'direction') }}
    union all
    select
        'campaign_end' as kind,
        'critical' as severity,
        target_id,
        actual as value,
        cast(null as double) as forecast,
        cast(null as double) as forecast_low,
        cast(null as double) as forecast_high,
        cast(null as double) as miss_probability,
        cast(0 as bigint) as days_left
    from judged
    where status = 'missed' and judged = 'campaign_end' and days_left > -{{ settings.campaign_days }}
),

misses as (
    select * from expected_misses
    union all
    select * from standing_misses
),

described as (
    select
        misses.*,
        targets.kpi_id,
        targets.period_grain,
        targets.period_start,
        targets.period_end,
        targets.dimension,
        targets.dimension_value,
        targets.target,
        targets.miss_limit,
        targets.owner,
        kpi_catalogue.name_en,
        kpi_catalogue.name_ja,
        case when targets.dimension = 'overall' then '' else ', ' || targets.dimension_value end as of_value_en,
        case when targets.dimension = 'overall' then '' else '・' || targets.dimension_value end as of_value_ja,
        {{ period_text('targets.period_grain', 'targets.period_start') }} as period_name,
        {{ number_text('misses.value', 'kpi_catalogue.unit') }} as value_text,
        {{ number_text('misses.forecast', 'kpi_catalogue.unit') }} as forecast_text,
        {{ number_text('misses.forecast_low', 'kpi_catalogue.unit') }} as low_text,
        {{ number_text('misses.forecast_high', 'kpi_catalogue.unit') }} as high_text,
        {{ number_text('targets.target', 'kpi_catalogue.unit') }} as target_text,
        cast(cast(round(100 * misses.miss_probability) as bigint) as {{ dbt.type_string() }}) as probability_text,
        cast(misses.days_left as {{ dbt.type_string() }}) as days_text
    from misses
    inner join targets on misses.target_id = targets.target_id
    inner join kpi_catalogue on targets.kpi_id = kpi_catalogue.kpi_id
),

worded as (
    select
        *,
        case kind
            when 'forecast'
                then
                    name_en || ' ' || period_name || of_value_en || ': ' || forecast_text || ' expected (80 %: ' || low_text
                    || ' to ' || high_text || '), target ' || target_text || '. Missed with ' || probability_text
                    || ' % probability; ' || coalesce(value_text, 'nothing') || ' so far, ' || days_text || ' days left.'
            when 'so_far'
                then
                    name_en || ' ' || period_name || of_value_en || ': ' || value_text || ' so far, target ' || target_text
                    || '; ' || days_text || ' days left.'
            else name_en || of_value_en || ': the campaign ended with ' || value_text || ', target ' || target_text || '.'
        end as message_en,
        case kind
            when 'forecast'
                then
                    name_ja || '（' || period_name || of_value_ja || '）：着地見込み ' || forecast_text || '（80%区間 ' || low_text
                    || '〜' || high_text || '）、目標 ' || target_text || '。未達確率 ' || probability_text || '%、現在 '
                    || coalesce(value_text, 'なし') || '、残り' || days_text || '日。'
            when 'so_far'
                then
                    name_ja || '（' || period_name || of_value_ja || '）：現在 ' || value_text || '、目標 ' || target_text || '、残り'
                    || days_text || '日。'
            else name_ja || of_value_ja || '：施策は ' || value_text || ' で終了、目標 ' || target_text || '。'
        end as message_ja
    from described
),

-- An alert keeps its id while its period and severity stay the same: it is sent once.
final as (
    select
        {{ surrogate_key(['kind', 'target_id', 'period_start', 'severity']) }} as alert_id,
        kind,
        severity,
        target_id,
        kpi_id,
        period_grain,
        period_start,
        period_end,
        dimension,
        dimension_value,
        owner,
        target,
        miss_limit,
        value,
        forecast,
        forecast_low,
        forecast_high,
        miss_probability,
        coalesce(forecast, value) - target as gap,
        days_left,
        message_en,
        message_ja
    from worded
    union all
    select
        {{ surrogate_key(["'kpi_set_review'", 'review_due_on']) }} as alert_id,
        'kpi_set_review' as kind,
        'warning' as severity,
        cast(null as {{ dbt.type_string() }}) as target_id,
        cast(null as {{ dbt.type_string() }}) as kpi_id,
        cast(null as {{ dbt.type_string() }}) as period_grain,
        review_due_on as period_start,
        cast(null as date) as period_end,
        'overall' as dimension,
        'all' as dimension_value,
        reviewer as owner,
        cast(null as double) as target,
        cast(null as double) as miss_limit,
        cast(null as double) as value,
        cast(null as double) as forecast,
        cast(null as double) as forecast_low,
        cast(null as double) as forecast_high,
        cast(null as double) as miss_probability,
        cast(null as double) as gap,
        cast(null as bigint) as days_left,
        'The set of KPIs is due for its half-yearly review'
        || coalesce(' since ' || cast(review_due_on as {{ dbt.type_string() }}), '') || '.' as message_en,
        'KPIセットの半期見直しの時期です'
        || coalesce('（期日 ' || cast(review_due_on as {{ dbt.type_string() }}) || '）', '') || '。' as message_ja
    from kpi_set_review
    where is_due
)

select * from final
