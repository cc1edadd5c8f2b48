{%- set parts = ['numerator', 'denominator', 'observations'] -%}

with
guard_rails as (
    select * from {{ ref('guard_rails') }}
),

days as (
    select * from {{ ref('int_guard_rails__days') }}
),

initiatives as (
    select * from {{ ref('initiatives') }}
),

arms as (
    select * from {{ ref('int_initiatives__arms') }}
    where side = 'treated' and phase = 'after' and days > 0
),

kpi_catalogue as (
    select * from {{ ref('kpi_catalogue') }}
    where aggregation = 'ratio'
),

rates as (
    select
        kpi_values.*,
        kpi_catalogue.direction,
        {{ period_end('kpi_values.period_grain', 'kpi_values.period_start') }} as next_start
    from {{ ref('mart_kpi_values') }} as kpi_values
    inner join kpi_catalogue on kpi_values.kpi_id = kpi_catalogue.kpi_id
    where kpi_values.dimension = 'overall' and kpi_values.period_grain in ('month', 'quarter')
),

-- Every rate that is better than in the period before, once its period is over.
improved as (
    select
        'kpi' as subject_kind,
        rates.kpi_id as subject_id,
        rates.kpi_id,
        rates.period_grain,
        rates.period_start,
        earlier.value as kpi_before,
        rates.value as kpi_after,
        earlier.period_start as before_from_on,
        rates.period_start as after_from_on,
        rates.next_start as after_until_on
    from rates
    inner join rates as earlier
        on
            rates.kpi_id = earlier.kpi_id
            and rates.period_grain = earlier.period_grain
            and rates.period_start = earlier.next_start
    where
        case rates.direction when 'up' then rates.value > earlier.value else rates.value < earlier.value end
        and rates.next_start <= {{ business_day(as_of()) }}
),

-- An initiative's days from its start on against as many days before, of the whole company.
tried as (
    select
        'initiative' as subject_kind,
        initiatives.initiative_id as subject_id,
        initiatives.kpi_id,
        cast(null as {{ dbt.type_string() }}) as period_grain,
        arms.from_on as period_start,
        cast(null as double) as kpi_before,
        cast(null as double) as kpi_after,
        cast({{ dbt.dateadd('day', '-arms.days', 'arms.from_on') }} as date) as before_from_on,
        arms.from_on as after_from_on,
        cast({{ dbt.dateadd('day', 1, 'arms.to_on') }} as date) as after_until_on
    from initiatives
    inner join arms on initiatives.initiative_id = arms.initiative_id
),

subjects as (
    select * from improved
    union all
    select * from tried
),

windows as (
    select distinct
        before_from_on,
        after_from_on,
        after_until_on
    from subjects
),

summed as (
    select
        windows.before_from_on,
        windows.after_from_on,
        windows.after_until_on,
        {% for part in parts -%}
        sum(case when days.date_on < windows.after_from_on then days.{{ part }} else 0 end) as {{ part }}_before,
        sum(case when days.date_on >= windows.after_from_on then days.{{ part }} else 0 end) as {{ part }}_after,
        {% endfor -%}
        days.guard_id
    from windows
    inner join days on days.date_on >= windows.before_from_on and days.date_on < windows.after_until_on
    group by windows.before_from_on, windows.after_from_on, windows.after_until_on, days.guard_id
),

guarded as (
    select
        subjects.*,
        guard_rails.guard_id,
        guard_rails.name_en as guard_name,
        guard_rails.name_ja as guard_name_ja,
        guard_rails.direction,
        guard_rails.tolerance,
        cast(coalesce(summed.observations_before, 0) as bigint) as observations_before,
        cast(coalesce(summed.observations_after, 0) as bigint) as observations_after,
        cast(summed.numerator_before as double) / nullif(cast(summed.denominator_before as double), 0) as value_before,
        cast(summed.numerator_after as double) / nullif(cast(summed.denominator_after as double), 0) as value_after,
        guard_rails.least_observations
    from subjects
    inner join guard_rails on guard_rails.kpi_id is null or subjects.kpi_id != guard_rails.kpi_id
    left join summed
        on
            guard_rails.guard_id = summed.guard_id
            and subjects.before_from_on = summed.before_from_on
            and subjects.after_from_on = summed.after_from_on
            and subjects.after_until_on = summed.after_until_on
),

compared as (
    select
        *,
        (value_after - value_before) / nullif(abs(value_before), 0) as change,
        least(observations_before, observations_after) >= least_observations as is_enough
    from guarded
),

judged as (
    select
        *,
        case
            when not is_enough or change is null then 'too little data'
            when case direction when 'up' then -change else change end > tolerance then 'worse'
            when case direction when 'up' then change else -change end > tolerance then 'improved'
            else 'unchanged'
        end as verdict
    from compared
),

final as (
    select
        subject_kind,
        subject_id,
        kpi_id,
        period_grain,
        period_start,
        kpi_before,
        kpi_after,
        guard_id,
        guard_name,
        guard_name_ja,
        value_before,
        value_after,
        change,
        tolerance,
        observations_before,
        observations_after,
        verdict,
        verdict = 'worse' as is_breached
    from judged
)

select * from final
