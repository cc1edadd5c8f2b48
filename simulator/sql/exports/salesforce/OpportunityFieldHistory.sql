with
changes as (
    select
        opportunity_key * 10 as history_key, opportunity_key, 'created' as field, null as old_value, null as new_value,
        created_at as changed_at
    from opportunities
    where not is_without_history
    union all
    select opportunity_key * 10 + step, opportunity_key, 'StageName', former_stage, stage, entered_at
    from opportunity_steps
    where former_stage is not null
    union all
    select opportunity_key * 10 + 8, opportunity_key, 'Amount', null, first_amount::varchar, stage_3_at
    from opportunities
    where not is_without_history and stage_3_at is not null
    union all
    select opportunity_key * 10 + 9, opportunity_key, 'Amount', first_amount::varchar, amount::varchar, stage_4_at
    from opportunities
    where not is_without_history and stage_4_at is not null
)
select
    history_key as position,
    to_json({
        'attributes': attributes_of('OpportunityFieldHistory', salesforce_id('017', history_key)),
        'Id': salesforce_id('017', history_key),
        'IsDeleted': false,
        'OpportunityId': salesforce_id('006', opportunity_key),
        'Field': field,
        'OldValue': old_value,
        'NewValue': new_value,
        'CreatedById': user_id(1 + (opportunity_key // 10) % 12),
        'CreatedDate': salesforce_time(changed_at),
        'DataType': case field when 'Amount' then 'Currency' else 'Text' end
    })::varchar as record
from changes
where delivered(changed_at)
