-- Values are there once; additive parts, summed over days or over any dimension, are the whole; rates lie in [0, 1]; and
-- the whole is what the facts say.
with
kpi_values as (
    select * from {{ ref('mart_kpi_values') }}
),

kpi_catalogue as (
    select * from {{ ref('kpi_catalogue') }}
),

lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

opportunities as (
    select * from {{ ref('fct_opportunities') }}
),

sessions as (
    select * from {{ ref('fct_sessions') }}
),

costs as (
    select * from {{ ref('fct_costs') }}
),

totals as (
    select
        kpi_values.kpi_id,
        kpi_values.period_grain,
        kpi_values.dimension,
        -- To the hundredth: sums of floating-point numbers differ by their order.
        round(sum(kpi_values.numerator), 2) as numerator,
        round(sum(kpi_values.denominator), 2) as denominator
    from kpi_values
    inner join kpi_catalogue on kpi_values.kpi_id = kpi_catalogue.kpi_id
    where kpi_catalogue.aggregation in ('sum', 'ratio')
    group by kpi_values.kpi_id, kpi_values.period_grain, kpi_values.dimension
),

facts as (
    select
        'new_leads' as kpi_id,
        count(*) as total
    from lifecycle
    union all
    select
        'mql' as kpi_id,
        count(mql_at) as total
    from lifecycle
    union all
    select
        'sql' as kpi_id,
        count(sql_at) as total
    from lifecycle
    union all
    select
        'wins' as kpi_id,
        count(*) as total
    from opportunities
    where is_won and closed_at is not null
    union all
    select
        'revenue' as kpi_id,
        coalesce(sum(amount), 0) as total
    from opportunities
    where is_won and closed_at is not null
    union all
    select
        'sessions' as kpi_id,
        count(*) as total
    from sessions
    union all
    select
        'cost' as kpi_id,
        coalesce(sum(amount), 0) as total
    from costs
    where is_acquisition
)

select
    kpi_id || ' ' || period_grain || ' ' || period_start || ' ' || dimension_value as key,
    'there more than once' as problem
from kpi_values
group by kpi_id, period_grain, period_start, dimension, dimension_value
having count(*) > 1
union all
select kpi_id as key, 'periods or dimensions add up to different totals' as problem
from totals
group by kpi_id
having count(distinct numerator) > 1 or count(distinct denominator) > 1
union all
select facts.kpi_id as key, 'the facts say ' || facts.total || ', the mart ' || coalesce(totals.numerator, 0) as problem
from facts
left join totals
    on facts.kpi_id = totals.kpi_id and totals.period_grain = 'day' and totals.dimension = 'overall'
where facts.total != coalesce(totals.numerator, 0)
union all
select kpi_values.kpi_id || ' ' || kpi_values.period_start as key, 'a rate outside 0 to 1' as problem
from kpi_values
inner join kpi_catalogue on kpi_values.kpi_id = kpi_catalogue.kpi_id
where kpi_catalogue.unit = 'ratio' and not kpi_values.value between 0 and 1
