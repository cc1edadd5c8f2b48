{{ config(tags=['identity_gate']) }}

{%- set within = "interval '60 seconds'" -%}

-- Form submissions of the collector, each once, whether the browser told it, the site's server, or both. The page passes
-- the browser's event id on to its server, which sends it as submission_id; where it does not, the same form from the same
-- browser within a minute is the same submission. So is a browser's second try within a minute (a double click, a field
-- that was mended): the first of them stands for all, and one of the server's submissions of one address with it.
with
events as (
    select * from {{ ref('stg_collector__events') }}
    where event_name = 'form_submission'
),

submissions as (
    select * from {{ ref('stg_collector__form_submissions') }}
),

gaps as (
    select
        *,
        -- Events without an id have nothing that would tell whether two are one browser's.
        coalesce(
            anonymous_id is null
            or occurred_at - lag(occurred_at) over tries > {{ within }},
            true
        ) as is_first_try
    from events
    window tries as (partition by source_system, anonymous_id, content_id order by occurred_at, event_id)
),

tries as (
    select
        *,
        case
            when anonymous_id is null then event_id
            else max(case when is_first_try then (occurred_at, event_id) end) over (
                partition by source_system, anonymous_id, content_id
                order by occurred_at, event_id
                rows between unbounded preceding and current row
            )[2]
        end as first_event_id
    from gaps
),

candidates as (
    select
        tries.source_system,
        tries.first_event_id,
        submissions.form_submission_id,
        submissions.email,
        0 as doubt
    from tries
    inner join submissions
        on
            tries.source_system = submissions.source_system
            and tries.sent_event_id = submissions.sent_submission_id

    union all

    select
        tries.source_system,
        tries.first_event_id,
        submissions.form_submission_id,
        submissions.email,
        1 + abs({{ minutes_between('tries.occurred_at', 'submissions.submitted_at') }}) as doubt
    from tries
    inner join submissions
        on
            tries.source_system = submissions.source_system
            and tries.content_id = submissions.form_id
            and tries.anonymous_id = submissions.anonymous_id
            and submissions.submitted_at between tries.occurred_at - {{ within }} and tries.occurred_at + {{ within }}
),

-- One to one: the nearest event of a submission, if no other submission is nearer to it.
nearest_events as (
    select *
    from candidates
    qualify
        row_number() over (partition by source_system, form_submission_id order by doubt, first_event_id) = 1
),

pairs as (
    select *
    from nearest_events
    qualify
        row_number() over (partition by source_system, first_event_id order by doubt, form_submission_id) = 1
),

-- The server of a double click hears of both clicks: the second is not one more submission.
repeated as (
    select
        others.source_system,
        others.form_submission_id
    from nearest_events as others
    inner join pairs
        on
            others.source_system = pairs.source_system
            and others.first_event_id = pairs.first_event_id
            and others.email = pairs.email
    where others.doubt = 0 and others.form_submission_id <> pairs.form_submission_id
),

final as (
    select
        tries.source_system,
        tries.event_id,
        pairs.form_submission_id
    from tries
    left join pairs
        on
            tries.source_system = pairs.source_system
            and tries.first_event_id = pairs.first_event_id
    where tries.event_id = tries.first_event_id

    union all

    select
        submissions.source_system,
        cast(null as varchar) as event_id,
        submissions.form_submission_id
    from submissions
    left join pairs
        on
            submissions.source_system = pairs.source_system
            and submissions.form_submission_id = pairs.form_submission_id
    left join repeated
        on
            submissions.source_system = repeated.source_system
            and submissions.form_submission_id = repeated.form_submission_id
    where pairs.form_submission_id is null and repeated.form_submission_id is null
)

select * from final
