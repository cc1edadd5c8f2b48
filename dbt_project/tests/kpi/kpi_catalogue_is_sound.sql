-- Every KPI is there once, is built from measures that are counted, and hangs on one tree whose root is the goal.
{%- set sums = kpi_measures().values() | map(attribute='measures') | sum(start=[]) %}
with recursive
kpis as (
    select
        *,
        count(*) over (partition by kpi_id) as times
    from {{ ref('kpi_catalogue') }}
),

critical_success_factors as (
    select * from {{ ref('critical_success_factors') }}
),

companywide as (
    select * from {{ ref('int_kpi__dimensions') }}
    where dimension = 'overall'
),

-- Down from the root: what hangs on a cycle is never met.
tree as (
    select kpi_id
    from kpis
    where parent_kpi_id is null
    union all
    select kpis.kpi_id
    from tree
    inner join kpis on tree.kpi_id = kpis.parent_kpi_id
)

select kpi_id, 'there more than once' as problem
from kpis
where times > 1
union all
select kpi_id, 'a measure that is not known' as problem
from kpis
where
    (aggregation in ('sum', 'ratio', 'change') and numerator_measure not in ('{{ sums | join("', '") }}'))
    or (
        aggregation in ('ratio', 'change')
        and coalesce(denominator_measure, '') not in ('{{ sums | join("', '") }}')
    )
    or (
        aggregation in ('median', 'distinct')
        and numerator_measure not in ('{{ kpi_observations().keys() | join("', '") }}')
    )
    or (aggregation not in ('ratio', 'change') and denominator_measure is not null)
union all
-- MetricFlow answers by the measure's name, too: it must be the same number.
select kpi_id, 'named like a measure that counts something else' as problem
from kpis
where
    kpi_id in ('{{ (sums + kpi_observations().keys() | list) | join("', '") }}')
    and (aggregation in ('ratio', 'change') or numerator_measure != kpi_id)
union all
select kpi_id, 'aggregation, unit or direction that is not known' as problem
from kpis
where
    aggregation not in ('sum', 'ratio', 'median', 'distinct', 'change')
    or unit not in ('count', 'ratio', 'relative', 'currency', 'percent', 'seconds', 'minutes', 'days', 'months')
    or direction not in ('up', 'down')
union all
select kpi_id, 'a name, formula, owner or place that is missing' as problem
from kpis
where
    name_en is null
    or name_ja is null
    or formula is null
    or numerator is null
    or anchor is null
    or owner is null
    or kpi_order is null
    or (denominator is null) = (aggregation in ('ratio', 'median', 'change'))
union all
select kpi_id, 'critical success factor that is not known' as problem
from kpis
where csf is null or csf not in (select csf from critical_success_factors)
union all
select kpi_id, 'parent that is not there, or a cycle' as problem
from kpis
where kpi_id not in (select kpi_id from tree)
union all
select kpi_id, 'a second root: only the goal has no parent' as problem
from kpis
where parent_kpi_id is null and kpi_id != 'revenue'
union all
select kpi_id, 'not shown for the company as a whole' as problem
from kpis
where kpi_id not in (select kpi_id from companywide)
