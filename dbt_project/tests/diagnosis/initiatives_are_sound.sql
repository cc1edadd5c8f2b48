-- Every initiative can be measured: a KPI that is a sum or ratio, a kind and dimension that the models know, a control.
with
initiatives as (
    select
        initiatives.*,
        kpi_catalogue.aggregation,
        kpi_catalogue.unit,
        count(*) over (partition by initiatives.initiative_id) as times
    from {{ ref('initiatives') }} as initiatives
    left join {{ ref('kpi_catalogue') }} as kpi_catalogue on initiatives.kpi_id = kpi_catalogue.kpi_id
)

select initiative_id, 'there more than once' as problem
from initiatives
where times > 1
union all
select initiative_id, 'a KPI that is no sum and no ratio' as problem
from initiatives
where coalesce(aggregation, '') not in ('sum', 'ratio')
union all
select initiative_id, 'two groups are compared by a rate or mean, which a sum is not' as problem
from initiatives
where kind = 'ab' and aggregation = 'sum'
union all
select initiative_id, 'kind, dimension or window that is not known' as problem
from initiatives
where
    kind not in ('before_after', 'ab')
    or dimension not in (
        'overall', 'channel', 'campaign', 'content', 'content_name', 'segment', 'owner', 'conversion_point', 'form_page'
    )
    or started_on is null
    or ended_on < started_on
    or (kind = 'ab' and control_values = 'previous_year')
    or (dimension = 'form_page' and kpi_id != 'form_completion_rate')
union all
select initiative_id, 'no control: the season can not be held against' as problem
from initiatives
where
    treated_values is null
    or control_values is null
    or smallest_effect is null
    or (dimension = 'overall' and control_values != 'previous_year')
