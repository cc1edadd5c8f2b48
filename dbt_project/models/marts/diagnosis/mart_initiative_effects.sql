{%- set arms = ['treated_before', 'treated_after', 'control_before', 'control_after'] -%}

with
initiatives as (
    select * from {{ ref('initiatives') }}
),

arm_days as (
    select * from {{ ref('int_initiatives__days') }}
),

arm_windows as (
    select * from {{ ref('int_initiatives__arms') }}
),

kpi_catalogue as (
    select * from {{ ref('kpi_catalogue') }}
),

limits as (
    select
        max(case when setting = 'least_trials' then setting_value end) as least_trials,
        max(case when setting = 'least_successes' then setting_value end) as least_successes,
        max(case when setting = 'least_days' then setting_value end) as least_days,
        max(case when setting = 'power_quantile' then setting_value end) as power_quantile
    from {{ ref('statistics_limits') }}
),

-- Two groups of one randomised test are compared share by share; everything else week by week: days differ by their weekday,
-- and people who come back tie the days of a week together.
strategies as (
    select
        initiatives.initiative_id,
        kpi_catalogue.direction,
        kpi_catalogue.unit,
        case
            when kpi_catalogue.aggregation = 'sum' then 'sum_by_week'
            when initiatives.kind = 'ab' and kpi_catalogue.unit = 'ratio' then 'two_shares'
            else 'ratio_by_week'
        end as method
    from initiatives
    inner join kpi_catalogue on initiatives.kpi_id = kpi_catalogue.kpi_id
),

arm_values as (
    select
        initiative_id,
        side,
        phase,
        count(*) as days,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        sum(numerator) / nullif(sum(denominator), 0) as estimate
    from arm_days
    group by initiative_id, side, phase
),

-- What a week lies above or below the arm's own ratio. The variance of a ratio of sums follows from these (the delta method
-- with weeks as clusters; Deng, Knoblich, Lu, "Applying the delta method in metric analytics", KDD 2018).
week_residuals as (
    select
        arm_days.initiative_id,
        arm_days.side,
        arm_days.phase,
        floor({{ dbt.datediff('arm_windows.from_on', 'arm_days.date_on', 'day') }} / 7.0) as week_number,
        sum(arm_days.numerator - arm_values.estimate * arm_days.denominator) as residual
    from arm_days
    inner join arm_windows
        on
            arm_days.initiative_id = arm_windows.initiative_id
            and arm_days.side = arm_windows.side
            and arm_days.phase = arm_windows.phase
    inner join arm_values
        on
            arm_days.initiative_id = arm_values.initiative_id
            and arm_days.side = arm_values.side
            and arm_days.phase = arm_values.phase
    group by arm_days.initiative_id, arm_days.side, arm_days.phase, week_number
),

-- Residuals add up to 0, so their variance times their number is the variance of the sum.
arm_spreads as (
    select
        initiative_id,
        side,
        phase,
        count(*) - 1 as degrees,
        var_samp(residual) * count(*) as spread
    from week_residuals
    group by initiative_id, side, phase
),

-- A season multiplies counts but shifts rates: sums are compared by their logarithm.
arms as (
    select
        arm_windows.initiative_id,
        arm_windows.side,
        arm_windows.phase,
        arm_windows.side || '_' || arm_windows.phase as arm,
        arm_windows.sign,
        arm_windows.from_on,
        arm_windows.to_on,
        arm_windows.days,
        strategies.method,
        strategies.unit,
        coalesce(arm_values.numerator, 0) as numerator,
        coalesce(arm_values.denominator, 0) as denominator,
        arm_values.estimate,
        case
            when strategies.method = 'sum_by_week' then ln(case when arm_values.estimate > 0 then arm_values.estimate end)
            else arm_values.estimate
        end as compared,
        case strategies.method
            when 'two_shares' then arm_values.estimate * (1 - arm_values.estimate) / arm_values.denominator
            when 'sum_by_week' then arm_spreads.spread / nullif(pow(arm_values.numerator, 2), 0)
            else arm_spreads.spread / nullif(pow(arm_values.denominator, 2), 0)
        end as variance,
        arm_spreads.degrees,
        {{ wilson_low('arm_values.numerator', 'arm_values.denominator') }} as share_low,
        {{ wilson_high('arm_values.numerator', 'arm_values.denominator') }} as share_high
    from arm_windows
    inner join strategies on arm_windows.initiative_id = strategies.initiative_id
    left join arm_values
        on
            arm_windows.initiative_id = arm_values.initiative_id
            and arm_windows.side = arm_values.side
            and arm_windows.phase = arm_values.phase
    left join arm_spreads
        on
            arm_windows.initiative_id = arm_spreads.initiative_id
            and arm_windows.side = arm_spreads.side
            and arm_windows.phase = arm_spreads.phase
),

contrasts as (
    select
        arms.initiative_id,
        min(arms.from_on) filter (where arms.side = 'treated' and arms.days > 0) as measured_from_on,
        max(arms.to_on) filter (where arms.side = 'treated' and arms.days > 0) as measured_to_on,
        min(arms.days) as days,
        {% for arm in arms -%}
        max(arms.estimate) filter (where arms.arm = '{{ arm }}') as {{ arm }},
        max(arms.denominator) filter (where arms.arm = '{{ arm }}') as {{ arm }}_denominator,
        {% endfor -%}
        max(arms.numerator) filter (where arms.arm = 'treated_after') as treated_numerator,
        max(arms.numerator) filter (where arms.arm = 'control_after') as control_numerator,
        {% for side in ['treated', 'control'] -%}
        max(arms.share_low) filter (where arms.arm = '{{ side }}_after') as {{ side }}_low,
        max(arms.share_high) filter (where arms.arm = '{{ side }}_after') as {{ side }}_high,
        {% endfor -%}
        case when count(arms.compared) = count(*) then sum(arms.sign * arms.compared) end as contrast,
        sqrt(sum(arms.variance)) as standard_error,
        -- Welch–Satterthwaite: degrees of freedom of a sum of variances.
        pow(sum(arms.variance), 2) / nullif(sum(pow(arms.variance, 2) / nullif(arms.degrees, 0)), 0) as degrees,
        bool_and(
            arms.numerator >= limits.least_successes
            and (
                arms.unit != 'ratio'
                or (
                    arms.denominator >= limits.least_trials
                    and arms.denominator - arms.numerator >= limits.least_successes
                )
            )
            and (arms.method = 'two_shares' or arms.days >= limits.least_days)
        ) as is_enough,
        max(limits.power_quantile) as power_quantile
    from arms
    cross join limits
    group by arms.initiative_id
),

tested as (
    select
        contrasts.*,
        strategies.method,
        strategies.direction,
        case strategies.method
            when 'two_shares'
                then {{ difference_low('treated_after', 'treated_low', 'control_after', 'control_high') }}
            else contrast - {{ t_quantile('degrees') }} * standard_error
        end as contrast_low,
        case strategies.method
            when 'two_shares'
                then {{ difference_high('treated_after', 'treated_high', 'control_after', 'control_low') }}
            else contrast + {{ t_quantile('degrees') }} * standard_error
        end as contrast_high,
        case strategies.method
            when 'two_shares'
                then {{ two_share_z(
                    'treated_numerator', 'treated_after_denominator', 'control_numerator', 'control_after_denominator'
                ) }}
            else contrast / nullif(standard_error, 0)
        end as test_value
    from contrasts
    inner join strategies on contrasts.initiative_id = strategies.initiative_id
),

-- exp and ln undo each other: a sum's contrast becomes its change as a share of what it would have been.
scaled as (
    select
        *,
        case when method = 'two_shares' then test_value else {{ normal_of_t('test_value', 'degrees') }} end as z,
        {% for column in ['contrast', 'contrast_low', 'contrast_high'] -%}
        case when method = 'sum_by_week' then exp({{ column }}) - 1 else {{ column }} end as {{ column | replace('contrast', 'effect') }},
        {% endfor -%}
        (1.959963984540054 + power_quantile) * standard_error as detectable_contrast
    from tested
),

judged as (
    select
        scaled.*,
        initiatives.smallest_effect,
        case when scaled.method = 'sum_by_week' then exp(scaled.detectable_contrast) - 1 else scaled.detectable_contrast end
            as detectable_effect,
        case
            when scaled.direction = 'down' then -scaled.effect_high else scaled.effect_low
        end as least_gain,
        case
            when scaled.direction = 'down' then -scaled.effect_low else scaled.effect_high
        end as greatest_gain
    from scaled
    inner join initiatives on scaled.initiative_id = initiatives.initiative_id
),

final as (
    select
        initiatives.initiative_id,
        initiatives.name_en as initiative_name,
        initiatives.name_ja as initiative_name_ja,
        initiatives.kind,
        initiatives.kpi_id,
        initiatives.hypothesis_en as hypothesis,
        initiatives.hypothesis_ja,
        initiatives.owner,
        initiatives.dimension,
        initiatives.treated_values,
        initiatives.control_values,
        initiatives.started_on,
        initiatives.ended_on,
        judged.measured_from_on,
        judged.measured_to_on,
        cast(coalesce(judged.days, 0) as integer) as days,
        judged.method,
        {% for arm in arms -%}
        judged.{{ arm }},
        judged.{{ arm }}_denominator,
        {% endfor -%}
        judged.effect,
        judged.effect_low,
        judged.effect_high,
        {{ two_sided_p_value('judged.z') }} as p_value,
        initiatives.smallest_effect,
        judged.detectable_effect,
        case
            when not coalesce(judged.is_enough, false) or judged.effect_low is null then 'too little data'
            when judged.least_gain > 0 then 'improved'
            when judged.greatest_gain < 0 then 'worse'
            when judged.detectable_effect > judged.smallest_effect then 'too little data'
            else 'no evidence'
        end as verdict
    from initiatives
    left join judged on initiatives.initiative_id = judged.initiative_id
)

select * from final
