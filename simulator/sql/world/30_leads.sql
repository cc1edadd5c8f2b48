-- When somebody becomes a lead in the marketing tool, and where from.
create table traffic_kinds as
select *
from (
    values
    -- kind, share among leads, share among visits, GA4 source, GA4 medium, campaign, HubSpot source, HubSpot channel
    ('organic_google', 0.26, 0.30, 'google', 'organic', null, 'ORGANIC_SEARCH', 'organic_search'),
    ('organic_yahoo', 0.06, 0.10, 'yahoo', 'organic', null, 'ORGANIC_SEARCH', 'organic_search'),
    ('direct', 0.16, 0.20, null, null, null, 'DIRECT_TRAFFIC', 'direct'),
    ('referral', 0.08, 0.08, 'b2b-media.example', 'referral', null, 'REFERRALS', 'referral'),
    ('social', 0.05, 0.07, 'facebook', 'social', null, 'SOCIAL_MEDIA', 'organic_social'),
    ('search_brand', 0.13, 0.07, 'google', 'cpc', 'search_brand', 'PAID_SEARCH', 'paid_search'),
    ('search_generic', 0.12, 0.09, 'google', 'cpc', 'search_generic', 'PAID_SEARCH', 'paid_search'),
    ('social_leadgen', 0.08, 0.05, 'facebook', 'paid_social', 'social_leadgen', 'PAID_SOCIAL', 'paid_social'),
    -- HubSpot has no source for display: it files such visits under 'other campaigns'.
    ('display', 0.06, 0.04, 'gdn', 'display', 'display_awareness', 'OTHER_CAMPAIGNS', 'other')
) as kinds (kind, lead_share, visit_share, ga_source, ga_medium, campaign, hubspot_source, hubspot_channel);

set variable lead_kinds = (
    select list({'kind': kind, 'upto': upto} order by upto)
    from (select kind, sum(lead_share) over (order by kind) as upto from traffic_kinds)
);
set variable visit_kinds = (
    select list({'kind': kind, 'upto': upto} order by upto)
    from (select kind, sum(visit_share) over (order by kind) as upto from traffic_kinds)
);
create macro kind_at(kinds, x) as
    list_filter(kinds, lambda k: x * kinds[-1].upto <= k.upto)[1].kind;

create table marketing_leads as
with
starts as (
    select
        person_key,
        kind as person_kind,
        case
            when kind = 'web' then getvariable('start_at')
            when u('import', person_key) < 0.7 then later(getvariable('start_at'), 86400 * u('import day', person_key))
            else any_time('import day', person_key, getvariable('start_at'), getvariable('end_at'))
        end as first_seen_at
    from people
    where kind in ('web', 'subscriber')
),
drawn as (
    select
        *,
        case
            when person_kind = 'web' or u('subscriber turns', person_key) < 0.08
                then office_time(
                    'lead', person_key, later(first_seen_at, case person_kind when 'web' then 7200 else 432000 end),
                    getvariable('end_at') - interval 10 minutes
                )
        end as drawn_at
    from starts
)
select
    person_key,
    whole_ms(case when person_kind = 'web' then drawn_at else first_seen_at end) as first_known_at,
    -- A subscriber imported within the last days has no time left to become a lead.
    case when person_kind = 'web' or first_seen_at < getvariable('end_at') - interval 6 day then whole_ms(drawn_at) end
        as lead_at,
    case
        when person_kind = 'web' then kind_at(getvariable('lead_kinds'), u('lead kind', person_key))
        when u('newsletter reader', person_key) < 0.5 then 'newsletter'
        else 'import'
    end as traffic_kind
from drawn;

-- Business cards, exchanged at exhibitions and on visits. One person in twelve is known to marketing as well.
create table expos as
select
    expo_key,
    (getvariable('start_on') + (43 + 91 * (expo_key - 1))::int)::date as first_on,
    quarterly_code('expo', business_midnight(first_on)) as campaign_code
from range(1, 1 + greatest(0, (getvariable('days') - 46) // 91 + 1)) as numbers (expo_key);

create table cards as
with
holders as (
    select person_key, person_key as card_key, kind
    from people
    where kind = 'card'
    union all
    select person_key, 500000000 + person_key as card_key, kind
    from people
    where
        kind in ('web', 'subscriber') and not is_role_mailbox and alias_kind is distinct from 'unlinked'
        and u('also card', person_key) < 0.06
),
drawn as (
    select
        *,
        1 + floor(u('expo', card_key) * (select count(*) from expos))::bigint as expo_key,
        u('visit', card_key) < 0.3 as is_visit
    from holders
)
select
    drawn.card_key,
    drawn.person_key,
    drawn.kind = 'card' and u('card without address', drawn.card_key) < 0.03 as is_without_email,
    drawn.kind = 'card' and u('card placeholder', drawn.card_key) > 0.99 as is_placeholder,
    case when not drawn.is_visit then expos.campaign_code end as campaign_code,
    case
        when not drawn.is_visit and expos.first_on is not null
            then (expos.first_on + floor(3 * u('expo day', drawn.card_key))::int)::date
        else business_day(office_time('visit', drawn.card_key, getvariable('start_at'), getvariable('end_at') - interval 1 hour))
    end as exchanged_on
from drawn
left join expos on drawn.expo_key = expos.expo_key;
