{%- set grains = ['month', 'quarter', 'all'] -%}
{%- set measures = [
    'population', 'waiting', 'reached', 'converted', 'p_value', 'phi_low', 'phi_high', 'lift', 'ratio',
] -%}

with
definitions as (
    select * from {{ ref('dim_micro_conversion') }}
),

micro_conversions as (
    select * from {{ ref('fct_micro_conversions') }}
),

finals as (
    select * from {{ ref('int_micro_conversion__finals') }}
),

subjects as (
    select * from {{ ref('int_micro_conversion__subjects') }}
),

cohorts as (
    select * from {{ ref('int_micro_conversion__cohorts') }}
),

verdicts as (
    select * from {{ ref('micro_conversion_verdicts') }}
),

-- Volume: what happened in the period while the definition was valid, whoever it was and whatever came before.
happenings as (
    select
        'reached' as role_in_ratio,
        mcv_id,
        subject_id,
        reached_on as date_on
    from micro_conversions
    union all
    select
        'converted' as role_in_ratio,
        definitions.mcv_id,
        finals.subject_id,
        {{ business_day('finals.converted_at') }} as date_on
    from finals
    inner join definitions
        on
            finals.final_conversion = definitions.final_conversion
            and {{ business_day('finals.converted_at') }} >= definitions.valid_from
            and coalesce({{ business_day('finals.converted_at') }} <= definitions.valid_to, true)
),

dated as (
    select
        *,
        {{ rollup_periods(grains) }}
    from happenings
),

happened as (
    {% for grain in grains -%}
    select distinct
        '{{ grain }}' as period_grain,
        {{ 'cast(null as date)' if grain == 'all' else grain ~ '_on' }} as period_start,
        role_in_ratio,
        mcv_id,
        subject_id
    from dated
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- The comparison has one population for both sides: who entered in the period and had not converted before. The same
-- window from entering counts for reaching and for converting; whose window is still open waits and is not compared.
-- Who could not have reached it all the while, as the definition was not valid yet or any more, is no one to compare.
entered as (
    select
        definitions.mcv_id,
        cohorts.period_grain,
        cohorts.period_start,
        cohorts.subject_id,
        cohorts.entered_at,
        {{ dbt.dateadd('day', 'definitions.window_days', 'cohorts.entered_at') }} as window_ends_at,
        finals.converted_at
    from cohorts
    inner join definitions
        on cohorts.population = definitions.population
    left join finals
        on
            definitions.final_conversion = finals.final_conversion
            and cohorts.subject_id = finals.subject_id
    where
        coalesce(finals.converted_at >= cohorts.entered_at, true)
        and {{ business_day('cohorts.entered_at') }} >= definitions.valid_from
        and coalesce(
            {{ business_day(dbt.dateadd('day', 'definitions.window_days', 'cohorts.entered_at')) }} <= definitions.valid_to,
            true
        )
),

-- Only what was reached before converting can have led to it.
led as (
    select distinct
        entered.mcv_id,
        entered.period_grain,
        entered.period_start,
        entered.subject_id
    from entered
    inner join micro_conversions
        on
            entered.mcv_id = micro_conversions.mcv_id
            and entered.subject_id = micro_conversions.subject_id
            and entered.entered_at <= micro_conversions.reached_at
            and entered.window_ends_at > micro_conversions.reached_at
            and coalesce(entered.converted_at > micro_conversions.reached_at, true)
),

marked as (
    select
        entered.mcv_id,
        entered.period_grain,
        entered.period_start,
        entered.subject_id,
        case when entered.window_ends_at <= {{ as_of() }} then 'compared' else 'waiting' end as role_in_ratio,
        led.subject_id is not null as is_reached,
        coalesce(entered.converted_at < entered.window_ends_at, false) as is_converted
    from entered
    left join led
        on
            entered.mcv_id = led.mcv_id
            and entered.period_grain = led.period_grain
            and entered.period_start is not distinct from led.period_start
            and entered.subject_id = led.subject_id
    union all by name
    select * from happened
),

channelled as (
    select
        marked.*,
        subjects.channel
    from marked
    inner join subjects
        on marked.subject_id = subjects.subject_id
),

counted as (
    select
        mcv_id,
        period_grain,
        period_start,
        case when grouping(channel) = 0 then 'channel' else 'overall' end as dimension,
        coalesce(channel, 'all') as dimension_value,
        count(*) filter (where role_in_ratio = 'reached') as volume,
        count(*) filter (where role_in_ratio = 'converted') as final_conversions,
        count(*) filter (where role_in_ratio = 'waiting') as waiting,
        count(*) filter (where role_in_ratio = 'compared') as population,
        count(*) filter (where role_in_ratio = 'compared' and is_reached) as reached,
        count(*) filter (where role_in_ratio = 'compared' and is_converted) as converted,
        count(*) filter (where role_in_ratio = 'compared' and is_reached and is_converted) as reached_converted
    from channelled
    group by grouping sets ((mcv_id, period_grain, period_start), (mcv_id, period_grain, period_start, channel)) -- noqa: PRS
),

measured as (
    select
        *,
        volume / nullif(final_conversions, 0) as ratio,
        reached_converted / nullif(reached, 0) as reached_rate,
        (converted - reached_converted) / nullif(population - reached, 0) as not_reached_rate,
        {{
            phi_coefficient(
                'reached_converted',
                '(reached - reached_converted)',
                '(converted - reached_converted)',
                '(population - reached - converted + reached_converted)',
            )
        }} as phi
    from counted
),

compared as (
    select
        *,
        -- Of a two-by-two table the chi-square is the square of phi, so many times as there are cases.
        phi * sqrt(population) as chi,
        reached_rate / nullif(not_reached_rate, 0) as lift,
        {{ correlation_low('phi', 'population') }} as phi_low,
        {{ correlation_high('phi', 'population') }} as phi_high
    from measured
),

tested as (
    select
        *,
        {{ two_sided_p_value('chi') }} as p_value
    from compared
),

tried as (
    {% for measure in measures -%}
    select
        mcv_id,
        period_grain,
        period_start,
        dimension,
        dimension_value,
        '{{ measure }}' as measure,
        cast({{ measure }} as double) as value
    from tested
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- A rule holds when all its rows do; of the rules that hold, the first counts.
held as (
    select
        tried.mcv_id,
        tried.period_grain,
        tried.period_start,
        tried.dimension,
        tried.dimension_value,
        verdicts.rule_order,
        min(verdicts.rule) as rule,
        min(verdicts.verdict) as verdict,
        min(verdicts.reason_en) as reason,
        min(verdicts.reason_ja) as reason_ja
    from tried
    inner join verdicts
        on tried.measure = verdicts.measure
    group by
        tried.mcv_id,
        tried.period_grain,
        tried.period_start,
        tried.dimension,
        tried.dimension_value,
        verdicts.rule_order
    having
        bool_and(
            coalesce(
                case verdicts.comparison
                    when 'below' then tried.value < verdicts.threshold
                    else tried.value >= verdicts.threshold
                end,
                false
            )
        )
),

given as (
    select *
    from held
    qualify
        row_number() over (
            partition by mcv_id, period_grain, period_start, dimension, dimension_value
            order by rule_order asc
        ) = 1
),

final as (
    select
        tested.mcv_id,
        definitions.mcv_name,
        definitions.mcv_name_ja,
        definitions.role,
        definitions.final_conversion,
        tested.period_grain,
        tested.period_start,
        tested.dimension,
        tested.dimension_value,
        tested.volume,
        tested.final_conversions,
        tested.ratio,
        case
            when tested.ratio < {{ micro_conversion_limit('ratio_low') }} then 'below'
            when tested.ratio > {{ micro_conversion_limit('ratio_high') }} then 'above'
            when tested.ratio is not null then 'within'
            else 'none'
        end as ratio_status,
        tested.population,
        tested.waiting,
        tested.reached,
        tested.converted,
        tested.reached_converted,
        tested.reached_rate,
        {{ wilson_low('tested.reached_converted', 'tested.reached') }} as reached_rate_low,
        {{ wilson_high('tested.reached_converted', 'tested.reached') }} as reached_rate_high,
        tested.not_reached_rate,
        {{ wilson_low('(tested.converted - tested.reached_converted)', '(tested.population - tested.reached)') }}
            as not_reached_rate_low,
        {{ wilson_high('(tested.converted - tested.reached_converted)', '(tested.population - tested.reached)') }}
            as not_reached_rate_high,
        tested.lift,
        tested.phi,
        tested.phi_low,
        tested.phi_high,
        tested.p_value,
        given.verdict,
        given.rule as verdict_rule,
        given.reason as verdict_reason,
        given.reason_ja as verdict_reason_ja,
        definitions.is_review_due
    from tested
    inner join definitions
        on tested.mcv_id = definitions.mcv_id
    left join given
        on
            tested.mcv_id = given.mcv_id
            and tested.period_grain = given.period_grain
            and tested.period_start is not distinct from given.period_start
            and tested.dimension = given.dimension
            and tested.dimension_value = given.dimension_value
)

select * from final
