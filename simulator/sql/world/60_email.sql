-- Marketing mail: newsletters, webinar invitations, and three step mails after a lead came in.
create table mails as
with
issues as (
    select
        number,
        (getvariable('start_on') + (3 + 15 * (number - 1))::int)::date as day,
        business_midnight(day) + to_hours(case when number % 5 = 0 then 19 else 10 end) as published_at,
        'newsletter_' || strftime(day, '%Y_%m') as campaign_code,
        case when number % 3 = 0 then '佐藤 美咲（くもCRM）' else 'くもCRM マーケティング' end as sender_name,
        [
            '【くもCRM通信】営業とマーケティングの連携',
            '5分でわかるリード管理の基本',
            '貴社のリード管理、うまくいっていますか？',
            '営業とマーケティングの連携について'
        ][1 + number % 4] as subject
    from range(1, 1 + greatest(1, (getvariable('days') - 4) // 15 + 1)) as numbers (number)
    where 3 + 15 * (number - 1) < getvariable('days')
),
newsletters as (
    select
        number as mail_key,
        'newsletter' as kind,
        published_at,
        campaign_code,
        sender_name,
        'メールマガジン 第' || number || '号' || case when day >= day_of('subject_test') then ' [A]' else '' end as name,
        case when day >= day_of('subject_test') then '商談につながるメールの書き方' else subject end as subject,
        case when day >= day_of('subject_test') then 'A' end as variant,
        1 as list_key,
        1.0 as audience
    from issues
    union all
    -- Half of the list gets the other subject.
    select
        300 + number, 'newsletter', published_at, campaign_code, sender_name, 'メールマガジン 第' || number || '号 [B]',
        '商談につながるメールの3つの書き方', 'B', 1, 1.0
    from issues
    where day >= day_of('subject_test')
),
invitations as (
    select
        500 + webinar_key as mail_key,
        'invitation' as kind,
        business_midnight(held_on - 10) + interval 9 hour as published_at,
        campaign_code,
        'くもCRM ウェビナー事務局' as sender_name,
        'ご招待：' || topic as name,
        name as subject,
        3 as list_key,
        0.25 as audience
    from webinars
),
steps as (
    select
        900 + step as mail_key,
        'step' as kind,
        getvariable('start_at') as published_at,
        'step_mail' as campaign_code,
        '佐藤 美咲（くもCRM）' as sender_name,
        'ステップメール ' || step as name,
        ['資料のお届け', 'ご活用のポイント', '導入事例のご紹介'][step] as subject,
        1.0 as audience
    from range(1, 4) as numbers (step)
)
select
    *,
    (60000000 + mail_key * 11)::varchar as hubspot_id,
    (190000000 + mail_key * 17)::varchar as email_campaign_id,
    factor_of('personal_sender', sender_name like '佐藤%')
    -- The number of a webinar is part of its name.
    * factor_of('number_in_subject', kind <> 'invitation' and regexp_matches(subject, '[0-9]'))
    * factor_of('brackets_in_subject', contains(subject, '【'))
    * factor_of('question_in_subject', contains(subject, '？'))
    * factor_of('evening', hour(local_time(published_at)) = 19 and kind = 'newsletter') as open_factor,
    factor_of('invitation', kind = 'invitation') as click_factor
from (from newsletters union all by name from invitations union all by name from steps);

create table messages as
with
addressed as (
    select
        contacts.contact_key * 1000 + mails.mail_key as message_key,
        contacts.contact_key,
        mails.mail_key,
        contacts.created_at as contact_created_at,
        contacts.merged_at,
        mails.open_factor,
        mails.click_factor,
        case mails.kind
            when 'step' then contacts.lead_at + to_seconds([3600, 259200, 604800][mails.mail_key - 900])
            else mails.published_at
        end as planned_at
    from contacts
    cross join mails
    left join enrolments using (contact_key)
    where
        (
            mails.kind <> 'step'
            or (
                enrolments.enrolled_at is not null
                and coalesce(planned_at < enrolments.unenrolled_at, true)
            )
        )
        and coalesce((mails.variant = 'A') = (hash(contacts.contact_key) % 2 = 0), true)
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
        u('open', message_key)
        < (0.04 + 0.34 * u('reader', contact_key)) * open_factor
        * factor_of('old_list', sent_at - contact_created_at >= interval 180 day) as is_opened,
        u('click', message_key) < 0.07 * click_factor as is_clicker,
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
