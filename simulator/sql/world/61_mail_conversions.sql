-- Some who click a mail send a form minutes later.
insert into submissions
select
    4000000000000 + messages.message_key as submission_key,
    contacts.person_key,
    contacts.contact_key,
    email_written(contacts.email, 'form', submission_key) as email,
    whole_ms(messages.clicked_at + interval 10 minute) as submitted_at,
    pick([1, 2, 5], 'form', submission_key) as form_key,
    100000000 + contacts.person_key * 2 as device_key,
    u('blocked', submission_key) >= 0.02 as is_tracked,
    'newsletter' as traffic_kind,
    mails.campaign_code,
    contacts.role
from messages
inner join contacts using (contact_key)
inner join mails using (mail_key)
inner join people on contacts.person_key = people.person_key
where
    -- Who became a lead days ago: the form does not make another.
    messages.clicked_at > contacts.lead_at + interval 2 day and contacts.role = 'main' and not people.is_role_mailbox
    and u('mail converts', messages.message_key) < 0.12
    and messages.clicked_at + interval 11 minute < getvariable('end_at');
