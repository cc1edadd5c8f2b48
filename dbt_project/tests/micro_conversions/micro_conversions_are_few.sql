-- Past five nobody keeps them in view: a warning, not a fault.
{{ config(severity='warn') }}

select
    mcv_id,
    active_count
from {{ ref('dim_micro_conversion') }}
where is_active and is_more_than_recommended
