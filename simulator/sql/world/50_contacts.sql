-- Contacts of the marketing tool: one for each address it knows.
create table contacts as
with
main as (
    select
        person_key,
        first_known_at as created_at,
        lead_at,
        traffic_kind
    from marketing_leads
    union all
    -- Cards typed in by an assistant, a while later.
    select
        person_key,
        whole_ms(
            office_time('card import', card_key, business_midnight(exchanged_on + 1), business_midnight(exchanged_on + 4))
        ),
        null,
        'import'
    from cards
    where card_key = person_key and not is_without_email and not is_placeholder and u('card import', person_key) < 0.4
    union all
    -- The CRM's sync brings what sales entered.
    select person_key, created_at + interval 61250 millisecond, null, 'import'
    from sales_leads
    where origin = 'sales' and journey_number = 1 and u('crm sync', person_key) < 0.6
    union all
    select person_key, whole_ms(later(getvariable('start_at'), 60 + 3000 * u('customer import', person_key))), null, 'import'
    from people
    where kind = 'customer' and u('customer import', person_key) < 0.6
),
mains as (
    select main.*, main.person_key as contact_key, 'main' as role, lower(people.email) as email, null::timestamp as merged_at
    from main
    inner join people using (person_key)
    where main.created_at < getvariable('end_at')
),
alias_holders as (
    select
        people.person_key,
        people.alias_kind,
        people.email as first_email,
        people.private_email,
        mains.traffic_kind,
        whole_ms(
            office_time('alias', people.person_key, mains.lead_at + interval 1 hour, mains.lead_at + interval 60 day)
        ) as created_at
    from mains
    inner join people using (person_key)
    where
        people.alias_kind is not null
        -- Not every free provider ignores what stands behind a plus.
        and (
            people.alias_kind <> 'plus_tag' or not people.is_free_mail
            or split_part(people.email, '@', 2) in ('gmail.com', 'icloud.com', 'outlook.jp')
        )
),
aliases as (
    select
        person_key,
        1000000000 + person_key as contact_key,
        alias_kind as role,
        case alias_kind
            when 'plus_tag' then replace(first_email, '@', '+' || pick(['news', 'webinar', 'dl'], 'tag', person_key) || '@')
            else private_email
        end as email,
        created_at,
        case when alias_kind = 'unlinked' or u('alias lead', person_key) < 0.6 then created_at end as lead_at,
        traffic_kind,
        case
            when alias_kind <> 'merged' then null
            -- Enough merges happen between two deliveries, where the loser had been delivered before.
            when u('late merge', person_key) < 0.4 and created_at < getvariable('nights_at') - interval 1 hour
                then whole_ms(
                    office_time('merge', person_key, getvariable('nights_at'), getvariable('end_at') - interval 1 hour)
                )
            else whole_ms(later(created_at, 86400 * between_numbers(1, 40, 'merge', person_key)))
        end as merged_at
    from alias_holders
),
unioned as (
    select * from mains
    union all by name
    -- Each merge that is begun is done by the end: what stays apart is told by `unlinked`.
    select * from aliases where created_at < getvariable('end_at') and coalesce(merged_at < getvariable('end_at'), true)
)
select
    unioned.*,
    hubspot_id(contact_key) as hubspot_id,
    kinds.hubspot_source,
    kinds.hubspot_channel,
    case
        when unioned.traffic_kind = 'newsletter' then 'newsletter_' || strftime(local_time(created_at), '%Y_%m')
        when kinds.campaign is not null then quarterly_code(kinds.campaign, created_at)
    end as campaign_code
from unioned
left join (
    select kind, campaign, hubspot_source, hubspot_channel from traffic_kinds
    union all
    select * from (values ('newsletter', null, 'EMAIL_MARKETING', 'email'), ('import', null, 'OFFLINE', 'other'))
) as kinds on unioned.traffic_kind = kinds.kind;
