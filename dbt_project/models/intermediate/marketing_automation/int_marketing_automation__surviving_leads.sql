-- Marketo: the lead that each merged one lives on in, over any chain of merges.
with recursive
activities as (
    select * from {{ ref('stg_marketo__activities') }}
    where activity_type_id = '32'
),

merged as (
    select
        source_system,
        unnest(merged_lead_ids) as loser_lead_id,
        lead_id as winner_lead_id
    from activities
),

-- Ends on circles too: a pair is found once.
successions as (
    select source_system, loser_lead_id, winner_lead_id from merged
    union
    select successions.source_system, successions.loser_lead_id, merged.winner_lead_id
    from successions
    inner join merged
        on
            successions.source_system = merged.source_system
            and successions.winner_lead_id = merged.loser_lead_id
),

final as (
    select
        successions.source_system,
        successions.loser_lead_id,
        min(successions.winner_lead_id) as surviving_lead_id
    from successions
    left join merged
        on
            successions.source_system = merged.source_system
            and successions.winner_lead_id = merged.loser_lead_id
    where merged.loser_lead_id is null
    group by successions.source_system, successions.loser_lead_id
)

select * from final
