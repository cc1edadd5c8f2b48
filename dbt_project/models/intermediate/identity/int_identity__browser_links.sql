-- Browsers and the records they showed, with what speaks against it. A browser joins nobody to anybody.
with
sightings as (
    select * from {{ ref('int_identity__sightings') }}
),

browsers as (
    select
        source_system,
        anonymous_id,
        count(distinct person_id) filter (where strength > 0) as persons_shown,
        count(distinct person_id) filter (where strength = 0) as persons_hinted
    from sightings
    where refused_reason is null
    group by source_system, anonymous_id
),

judged as (
    select
        sightings.source_system,
        sightings.anonymous_id,
        sightings.record_key,
        sightings.person_id,
        sightings.rule,
        min((sightings.occurred_at, sightings.source_file, sightings.source_row_number)) as first_row,
        min(sightings.occurred_at) as first_seen_at,
        max(sightings.occurred_at) as last_seen_at,
        coalesce(
            sightings.refused_reason,
            case
                when browsers.persons_shown > {{ identity_limit('anonymous_id', 'person') }} then 'browser of many persons: a shared device'
                -- Who opens a link need not be who got the mail: it may have been passed on.
                when sightings.strength = 0 and browsers.persons_shown > 0 then 'hint only: the browser is known by a login or form'
                when sightings.strength = 0 and browsers.persons_hinted > 1 then 'hint only: the browser opened the links of several persons'
            end
        ) as refused_reason
    from sightings
    left join browsers
        on
            sightings.source_system = browsers.source_system
            and sightings.anonymous_id = browsers.anonymous_id
    group by all
),

final as (
    select
        source_system,
        anonymous_id,
        record_key,
        person_id,
        rule,
        first_row[2] as source_file,
        first_row[3] as source_row_number,
        first_seen_at,
        last_seen_at,
        refused_reason
    from judged
)

select * from final
