with
source as (
    select
        *,
        -- The tool tells that a member has had all content, not since when: the first version that says so dates it.
        min(case when isExhausted then updatedAt end) over (partition by _source, programId, leadId) as exhausted_at
    from {{ source('raw', 'marketo__program_members') }}
    where _delivered_at <= {{ as_of() }}
),

latest as (
    {{ latest_version('source', key=['programId', 'leadId'], version='updatedAt') }}
),

final as (
    select
        -- ids
        _source as source_system,
        programId as program_id,
        leadId as lead_id,

        -- times
        membershipDate as joined_at,
        case when isExhausted then exhausted_at end as exhausted_at,
        reachedSuccessDate as succeeded_at,
        updatedAt as updated_at
    from latest
)

select * from final
