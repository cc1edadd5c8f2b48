with
stated as (
    select
        opportunities.*,
        people.account_key,
        accounts.name as account_name,
        sales_leads.lead_source,
        seen(closed_at) as ended_at,
        case
            when seen(closed_at) is not null then case when is_winner then 'Closed Won' else 'Closed Lost' end
            when seen(stage_4_at) is not null then 'Negotiation'
            when seen(given_up_at) is not null then 'Closed Lost'
            when seen(stage_3_at) is not null then 'Proposal'
            when seen(stage_2_at) is not null then 'Qualification'
            else 'Prospecting'
        end as stage,
        greatest(
            opportunities.created_at, seen(stage_2_at), seen(stage_3_at), seen(given_up_at), seen(stage_4_at), seen(closed_at)
        ) as modified_at
    from opportunities
    inner join people using (person_key)
    inner join accounts using (account_key)
    left join sales_leads using (lead_key)
    where opportunities.created_at < getvariable('until')
)
select
    opportunity_key as position,
    to_json({
        'attributes': attributes_of('Opportunity', salesforce_id),
        'Id': salesforce_id,
        'IsDeleted': false,
        'AccountId': salesforce_id('001', account_key),
        'ContactId': case when is_contact_named then salesforce_id('003', buyer_key) end,
        'CampaignId': null,
        'Name': account_name || '様 くもCRM導入',
        'StageName': stage,
        'Amount': case
            when stage in ('Prospecting', 'Qualification') then null when stage = 'Proposal' then first_amount::double else amount::double
        end,
        'CurrencyIsoCode': 'JPY',
        'CloseDate': close_on,
        'IsClosed': stage like 'Closed%',
        'IsWon': stage = 'Closed Won',
        'LeadSource': lead_source,
        'OwnerId': user_id(owner_key),
        'CreatedDate': salesforce_time(created_at),
        'LastModifiedDate': salesforce_time(modified_at),
        'SystemModstamp': salesforce_time(modified_at),
        'Probability': case when stage = 'Closed Won' then 100 when stage = 'Closed Lost' then 0 else 50 end
    })::varchar as record
from stated
where delivered(modified_at)
