with
open_spans as (
    select
        *,
        coalesce(ended_at, {{ as_of() }}) as watched_until
    from {{ ref('int_lifecycle__open_spans') }}
),

engagement as (
    select * from {{ ref('int_lifecycle__engagement') }}
),

activities as (
    select * from {{ ref('int_lifecycle__activities') }}
    where is_completed
),

dormancy_rules as (
    select
        definition_version,
        parameter as dormant_after_days
    from {{ ref('stage_definitions') }}
    where rule = 'dormant_after_days'
),

moments as (
    select person_id, first_at as active_at from engagement
    union all
    select person_id, last_at as active_at from engagement
    where last_at != first_at
),

-- Awake: when the journey begins, the person does something, or sales does.
awake as (
    select lead_id, created_at as active_at from open_spans
    union
    select open_spans.lead_id, moments.active_at
    from open_spans
    inner join moments
        on
            open_spans.person_id = moments.person_id
            and moments.active_at > open_spans.created_at
            and moments.active_at < open_spans.watched_until
    union
    select open_spans.lead_id, activities.occurred_at as active_at
    from open_spans
    inner join activities
        on
            open_spans.lead_id = activities.lead_id
            and activities.occurred_at > open_spans.created_at
            and activities.occurred_at < open_spans.watched_until
),

paused as (
    select
        lead_id,
        active_at,
        lead(active_at) over (partition by lead_id order by active_at) as next_active_at
    from awake
),

dormant as (
    select
        paused.lead_id,
        {{ dbt.dateadd('day', 'dormancy_rules.dormant_after_days', 'paused.active_at') }} as dormant_at,
        paused.next_active_at as reactivated_at,
        open_spans.ended_at,
        open_spans.watched_until
    from paused
    inner join open_spans on paused.lead_id = open_spans.lead_id
    inner join dormancy_rules on open_spans.definition_version = dormancy_rules.definition_version
),

final as (
    select
        lead_id,
        cast(row_number() over (partition by lead_id order by dormant_at) as integer) as round_number,
        dormant_at,
        reactivated_at,
        coalesce(reactivated_at, ended_at) as left_at
    from dormant
    where dormant_at < coalesce(reactivated_at, watched_until)
)

select * from final
