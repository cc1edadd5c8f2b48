-- Every KPI is there once, is built from measures that int_kpi__measures counts, and hangs on the KPI tree.
{%- set sums = kpi_measures().values() | sum(start=[]) %}
with
kpis as (
    select
        *,
        count(*) over (partition by kpi_id) as times
    from {{ ref('kpi_catalogue') }}
)

select kpi_id, 'there more than once' as problem
from kpis
where times > 1
union all
select kpi_id, 'a measure that is not known' as problem
from kpis
where
    (aggregation in ('sum', 'ratio') and numerator_measure not in ('{{ sums | join("', '") }}'))
    or (aggregation = 'ratio' and coalesce(denominator_measure, '') not in ('{{ sums | join("', '") }}'))
    or (aggregation = 'median' and numerator_measure not in ('{{ kpi_durations() | join("', '") }}'))
    or (aggregation != 'ratio' and denominator_measure is not null)
union all
select kpi_id, 'aggregation, unit or direction that is not known' as problem
from kpis
where
    aggregation not in ('sum', 'ratio', 'median')
    or unit not in ('count', 'ratio', 'currency', 'minutes')
    or direction not in ('up', 'down')
union all
select kpi_id, 'parent that is not there' as problem
from kpis
where parent_kpi_id is not null and parent_kpi_id not in (select known.kpi_id from kpis as known)
