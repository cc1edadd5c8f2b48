-- A closed opportunity without a close time stands in no period: revenue by month misses it.
{{ config(severity='warn') }}
select
    opportunity_id,
    stage
from {{ ref('fct_opportunities') }}
where is_closed and closed_at is null
