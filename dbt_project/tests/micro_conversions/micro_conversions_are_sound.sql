-- A definition that no event can meet, or that is held against nothing, would read as a micro-conversion nobody reaches.
with
micro_conversions as (
    select
        'micro_conversions' as seed,
        *
    from {{ ref('micro_conversions') }}
    union all by name
    select
        'micro_conversion_starter_sets' as seed,
        * exclude (wording_en, wording_ja)
    from {{ ref('micro_conversion_starter_sets') }}
),

final_conversions as (
    select * from {{ ref('final_conversions') }}
),

verdicts as (
    select * from {{ ref('micro_conversion_verdicts') }}
)

select
    seed || ': ' || mcv_id as definition,
    'a name, an owner or the event is missing' as problem
from micro_conversions
where name_en is null or name_ja is null or owner is null or event_name is null

union all

select
    seed || ': ' || mcv_id as definition,
    'business_type is one of ecommerce, b2b, saas, media; role is main or auxiliary' as problem
from micro_conversions
where
    (business_type in ('ecommerce', 'b2b', 'saas', 'media')) is not true
    or (role in ('main', 'auxiliary')) is not true

union all

select
    seed || ': ' || mcv_id as definition,
    'minimum_count and window_days are at least 1' as problem
from micro_conversions
where coalesce(least(minimum_count, window_days), 0) < 1

union all

select
    seed || ': ' || mcv_id as definition,
    'final_conversion is not in the seed final_conversions' as problem
from micro_conversions
where final_conversion is null or final_conversion not in (select known.final_conversion from final_conversions as known)

union all

select
    seed || ': ' || mcv_id as definition,
    'valid_from is missing, or after valid_to' as problem
from micro_conversions
where seed = 'micro_conversions' and (valid_from <= coalesce(valid_to, valid_from)) is not true

union all

select
    'starter set: ' || business_type as definition,
    'a starter set has three to five micro-conversions, with at least one main one' as problem
from micro_conversions
where seed = 'micro_conversion_starter_sets'
group by business_type
having count(*) not between 3 and 5 or not bool_or(role = 'main')

union all

select
    'final_conversions: ' || final_conversion as definition,
    'either an event_name, or a journey_stage that only persons reach' as problem
from final_conversions
where
    (event_name is null) = (journey_stage is null)
    or (
        journey_stage is not null
        and (journey_stage not in ('mql', 'meeting', 'sql', 'opportunity', 'won') or population <> 'persons')
    )

union all

select
    'micro_conversion_verdicts' as definition,
    'the last rule holds for everybody: population at least 0' as problem
from verdicts
qualify
    row_number() over (order by rule_order desc) = 1
    and not (measure = 'population' and comparison = 'at_least' and threshold <= 0)
