-- Every cause has a name of its own, a KPI that is in the catalogue and a dimension of its own among the KPI's causes.
with
causes as (
    select
        causes.*,
        kpi_catalogue.kpi_id as known_kpi_id,
        count(*) over (partition by causes.cause_id) as times,
        count(*) over (partition by causes.kpi_id, causes.dimension) as same_dimension
    from {{ ref('diagnosis_causes') }} as causes
    left join {{ ref('kpi_catalogue') }} as kpi_catalogue on causes.kpi_id = kpi_catalogue.kpi_id
)

select cause_id, 'there more than once' as problem
from causes
where times > 1 or same_dimension > 1
union all
select cause_id, 'a KPI that is not in the catalogue' as problem
from causes
where known_kpi_id is null
union all
select cause_id, 'a text is missing' as problem
from causes
where dimension is null or cause_en is null or cause_ja is null or action_en is null or action_ja is null
