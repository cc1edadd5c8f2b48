-- Marketing mail: newsletters, webinar invitations, and three step mails after a lead came in.
create table mails as
with
newsletters as (
    select
        number as mail_key,
        'newsletter' as kind,
        business_midnight(getvariable('start_on') + (3 + 15 * (number - 1))::int) + interval 10 hour as published_at,
        'newsletter_' || strftime(local_time(published_at), '%Y_%m') as campaign_code,
        'メールマガジン 第' || number || '号' as name,
        1.0 as audience
    from range(1, 1 + greatest(1, (getvariable('days') - 4) // 15 + 1)) as numbers (number)
    where 3 + 15 * (number - 1) < getvariable('days')
),
invitations as (
    select
        500 + webinar_key as mail_key,
        'invitation' as kind,
        business_midnight(held_on - 10) + interval 9 hour as published_at,
        campaign_code,
        'ご招待：' || topic as name,
        0.25 as audience
    from webinars
),
steps as (
    select
        900 + step as mail_key,
        'step' as kind,
        getvariable('start_at') as published_at,
        'step_mail' as campaign_code,
        'ステップメール ' || step as name,
        1.0 as audience
    from range(1, 4) as numbers (step)
)
select *, (60000000 + mail_key * 11)::varchar as hubspot_id, (190000000 + mail_key * 17)::varchar as email_campaign_id
from (from newsletters union all from invitations union all from steps);

create table messages as
with
addressed as (
    select
        contacts.contact_key * 1000 + mails.mail_key as message_key,
        contacts.contact_key,
        mails.mail_key,
        contacts.created_at as contact_created_at,
        contacts.merged_at,
        case mails.kind
            when 'step' then contacts.lead_at + to_seconds([3600, 259200, 604800][mails.mail_key - 900])
            else mails.published_at
        end as planned_at
    from contacts, mails
    where
        (mails.kind <> 'step' or contacts.lead_at is not null)
        and (mails.audience = 1 or u('audience ' || mails.kind, contacts.contact_key * 1000 + mails.mail_key) < mails.audience)
),
sent as (
    select *, whole_ms(later(planned_at, 900 * u('send delay', message_key))) as sent_at
    from addressed
    where contact_created_at < planned_at and coalesce(sent_at < merged_at, true) and sent_at < getvariable('end_at') - interval 1 minute
),
reactions as (
    select
        message_key,
        contact_key,
        mail_key,
        sent_at,
        u('bounce', message_key) < 0.012 or u('dead mailbox', contact_key) < 0.012 as is_bounced,
        -- Some people read most of it, most read little of it.
        u('open', message_key) < 0.04 + 0.34 * u('reader', contact_key) as is_opened,
        u('click', message_key) < 0.075 as is_clicker,
        u('unsubscribe', message_key) < 0.002 as is_unsubscriber,
        whole_ms(later(sent_at, lognormal(9000, 1.4, 'open', message_key))) as opened_at,
        whole_ms(later(opened_at, 5 + 120 * u('click delay', message_key))) as clicked_at,
        whole_ms(later(opened_at, 30 + 300 * u('unsubscribe delay', message_key))) as unsubscribed_at
    from sent
),
left_at as (
    select contact_key, min(unsubscribed_at) filter (where is_unsubscriber and not is_bounced) as unsubscribed_at
    from reactions
    group by contact_key
)
select
    reactions.message_key,
    reactions.contact_key,
    reactions.mail_key,
    reactions.sent_at,
    case when reactions.is_bounced then whole_ms(later(sent_at, 2 + 60 * u('bounce delay', message_key))) end as bounced_at,
    case when not reactions.is_bounced then whole_ms(later(sent_at, 1 + 9 * u('delivery', message_key))) end as delivered_at,
    -- Images that are blocked hide the opening of one click in eight.
    case
        when is_opened and not is_bounced and not (is_clicker and u('blocked images', message_key) < 0.12) then known(opened_at)
    end as opened_at,
    case when is_opened and not is_bounced and is_clicker then known(clicked_at) end as clicked_at,
    case when is_unsubscriber and not is_bounced then known(reactions.unsubscribed_at) end as unsubscribed_at,
    -- Security gateways of some companies open every link at once; the sender marks that as filtered.
    case
        when not is_bounced and u('gateway', contact_key) < 0.04 and u('scan', message_key) < 0.7
            then whole_ms(later(sent_at, 4 + 10 * u('scan delay', message_key)))
    end as scanned_at
from reactions
inner join left_at using (contact_key)
-- Nobody is written to after unsubscribing.
where coalesce(reactions.sent_at <= left_at.unsubscribed_at, true);

create table email_events as
select message_key * 10 as event_key, message_key, 'SENT' as type, sent_at as created_at, false as is_filtered from messages
union all
select message_key * 10 + 1, message_key, 'DELIVERED', delivered_at, false from messages where delivered_at is not null
union all
select message_key * 10 + 2, message_key, 'BOUNCE', bounced_at, false from messages where bounced_at is not null
union all
select message_key * 10 + 3, message_key, 'OPEN', opened_at, false from messages where opened_at is not null
union all
select message_key * 10 + 4, message_key, 'OPEN', again_at, false
from (select *, whole_ms(later(opened_at, 60 + 90000 * u('open again', message_key))) as again_at from messages)
where opened_at is not null and u('opens again', message_key) < 0.3 and again_at < getvariable('end_at')
union all
select message_key * 10 + 5, message_key, 'CLICK', clicked_at, false from messages where clicked_at is not null
union all
select message_key * 10 + 6, message_key, 'CLICK', scanned_at, true from messages where scanned_at is not null
union all
select message_key * 10 + 7, message_key, 'OPEN', scanned_at - interval 1 second, true from messages where scanned_at is not null
union all
select message_key * 10 + 8, message_key, 'STATUSCHANGE', unsubscribed_at, false from messages where unsubscribed_at is not null;
