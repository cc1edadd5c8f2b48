with
journeys as (
    select * from {{ ref('int_lifecycle__journeys') }}
),

lead_records as (
    select * from {{ ref('int_lifecycle__lead_records') }}
),

opportunities as (
    select * from {{ ref('fct_opportunities') }}
),

fit_scores as (
    select * from {{ ref('int_scoring__fit_scores') }}
),

crossings as (
    select * from {{ ref('int_scoring__crossings') }}
),

engagement as (
    select * from {{ ref('int_lifecycle__engagement') }}
),

rules as (
    select distinct
        rule,
        parameter,
        field,
        value
    from {{ ref('stage_definitions') }}
),

marks as (
    {% for stage in ['mql', 'sal', 'sql'] -%}
    select
        lead_id,
        'marked' as rule,
        '{{ stage }}' as stage,
        {{ stage }}_marked_at as met_at
    from journeys
    where {{ stage }}_marked_at is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

bant_confirmations as (
    {% for point in ['budget', 'authority', 'need', 'timeline'] -%}
    select
        lead_id,
        {{ point }}_confirmed_at as confirmed_at
    from journeys
    where {{ point }}_confirmed_at is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- The second confirmation is the moment from which at least two are there, and so on.
bant as (
    select
        lead_id,
        'bant_at_least' as rule,
        cast(row_number() over (partition by lead_id order by confirmed_at) as integer) as parameter,
        confirmed_at as met_at
    from bant_confirmations
),

-- Won as soon as one opportunity is won; lost once all are.
opportunity_results as (
    select
        lead_id,
        min(created_at) as opportunity_created_at,
        min(closed_at) filter (where is_won) as opportunity_won_at,
        case when bool_and(is_closed and not is_won) then max(closed_at) end as all_opportunities_lost_at
    from opportunities
    where lead_id is not null
    group by lead_id
),

results as (
    {% for rule in ['opportunity_created', 'opportunity_won', 'all_opportunities_lost'] -%}
    select
        lead_id,
        '{{ rule }}' as rule,
        {{ rule }}_at as met_at
    from opportunity_results
    where {{ rule }}_at is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

fits as (
    select
        fit_scores.lead_id,
        rules.rule,
        rules.parameter
    from fit_scores
    inner join rules on rules.rule = 'fit_at_least' and fit_scores.fit_score >= rules.parameter
),

thresholds as (
    select
        lead_id,
        kind || '_at_least' as rule,
        threshold as parameter,
        crossed_at as met_at
    from crossings
),

activity as (
    select
        journeys.lead_id,
        rules.rule,
        rules.parameter,
        min(greatest(engagement.first_at, journeys.created_at)) as met_at
    from journeys
    inner join rules on rules.rule = 'activity_within'
    inner join engagement
        on
            journeys.person_id = engagement.person_id
            and {{ dbt.dateadd('day', 'rules.parameter', 'engagement.last_at') }} >= journeys.created_at
            and (journeys.next_created_at is null or engagement.first_at < journeys.next_created_at)
    group by journeys.lead_id, rules.rule, rules.parameter
),

crm_fields as (
    select distinct
        lead_records.lead_id,
        rules.rule,
        rules.field,
        rules.value
    from lead_records
    inner join rules
        on
            rules.rule = 'crm_field_equals'
            and lower(rules.value) = lower(
                case rules.field
                    when 'status' then {{ cleaned('lead_records.status') }}
                    when 'owner_id' then lead_records.owner_id
                    when 'channel' then lead_records.channel
                    when 'campaign_id' then lead_records.campaign_id
                end
            )
    where lead_records.lead_kind != 'ma'
),

-- What has no time of its own (a status, a field, the fit) is known of today only and holds from the journey's beginning.
evidence as (
    select lead_id, 'created' as rule, created_at as met_at from journeys
    union all by name
    select lead_id, 'status_accepting' as rule from journeys
    where is_accepted
    union all by name
    select lead_id, 'next_step_required' as rule, next_step_agreed_at as met_at from journeys
    where next_step_agreed_at is not null
    union all by name
    select * from marks
    union all by name
    select * from bant
    union all by name
    select * from results
    union all by name
    select * from fits
    union all by name
    select * from thresholds
    union all by name
    select * from activity
    union all by name
    select * from crm_fields
),

final as (
    select
        lead_id,
        rule,
        stage,
        parameter,
        field,
        value,
        met_at
    from evidence
)

select * from final
