-- The journeys that mart_diagnosis_evidence groups are those that the KPIs of the same name count.
with
outcomes as (
    select
        kpi_id,
        cast({{ dbt.date_trunc('month', 'date_on') }} as date) as period_start,
        count(*) filter (where is_success) as successes,
        count(*) as trials
    from {{ ref('int_diagnosis__outcomes') }}
    group by kpi_id, cast({{ dbt.date_trunc('month', 'date_on') }} as date)
),

kpi_values as (
    select * from {{ ref('mart_kpi_values') }}
    where period_grain = 'month' and dimension = 'overall'
)

select
    outcomes.kpi_id,
    outcomes.period_start,
    outcomes.successes,
    kpi_values.numerator,
    outcomes.trials,
    kpi_values.denominator
from outcomes
left join kpi_values on outcomes.kpi_id = kpi_values.kpi_id and outcomes.period_start = kpi_values.period_start
where
    outcomes.successes is distinct from cast(kpi_values.numerator as bigint)
    or outcomes.trials is distinct from cast(kpi_values.denominator as bigint)
