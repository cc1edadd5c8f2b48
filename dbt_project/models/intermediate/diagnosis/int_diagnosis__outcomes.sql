with
lifecycle as (
    select * from {{ ref('fct_lead_lifecycle') }}
),

opportunities as (
    select * from {{ ref('fct_opportunities') }}
),

-- Trials and successes as in the KPI of that name, journey by journey. What was known of a journey counts until decided_at.
final as (
    select
        'meeting_rate' as kpi_id,
        lead_id,
        {{ business_day('mql_at') }} as date_on,
        has_meeting_since_mql as is_success,
        coalesce(meeting_at, {{ as_of() }}) as decided_at
    from lifecycle
    where mql_at is not null
    union all
    select
        'sql_rate' as kpi_id,
        lead_id,
        {{ business_day('mql_at') }} as date_on,
        sql_at is not null as is_success,
        coalesce(sql_at, {{ as_of() }}) as decided_at
    from lifecycle
    where mql_at is not null
    union all
    select
        'opportunity_rate' as kpi_id,
        lead_id,
        {{ business_day('sql_at') }} as date_on,
        opportunity_at is not null as is_success,
        coalesce(opportunity_at, {{ as_of() }}) as decided_at
    from lifecycle
    where sql_at is not null
    union all
    select
        'win_rate' as kpi_id,
        lead_id,
        {{ business_day('closed_at') }} as date_on,
        is_won as is_success,
        closed_at as decided_at
    from opportunities
    where closed_at is not null
)

select * from final
