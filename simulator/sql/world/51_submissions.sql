-- Forms sent, each as its sender typed it.
create table forms as
select
    form_key,
    uuid_of('form', form_key) as form_id,
    name,
    path,
    getvariable('start_at') + to_seconds((86400 * getvariable('days') * age)::bigint + form_key * 61) as created_at
from (
    values
    (1, '資料請求', '/download/service-guide', -0.9), (2, 'お問い合わせ', '/contact', -0.9), (3, 'デモ申し込み', '/demo', 0.1),
    (4, 'ホワイトペーパー：リード管理の教科書', '/download/lead-management', 0.3), (5, 'ウェビナー申し込み', '/webinar', -0.5),
    (6, '料金表ダウンロード', '/pricing/download', 0.5)
) as forms (form_key, name, path, age);

create table submissions as
with
sent as (
    select contact_key * 10 as submission_key, person_key, contact_key, email, lead_at - interval 600 millisecond as submitted_at
    from contacts
    where lead_at is not null
    union all
    select
        contact_key * 10 + 1, person_key, contact_key, email,
        whole_ms(office_time('repeat', contact_key, lead_at + interval 2 day, lead_at + interval 50 day))
    from contacts
    where role = 'main' and lead_at is not null and u('repeat', contact_key) < 0.12
    union all
    -- A colleague behind the same role mailbox: nobody can tell the two apart.
    select contacts.contact_key * 10 + 2, 2000000000 + person_key, contacts.contact_key, contacts.email,
        whole_ms(office_time('colleague', contact_key, contacts.lead_at + interval 1 day, contacts.lead_at + interval 30 day))
    from contacts
    inner join people using (person_key)
    where contacts.role = 'main' and contacts.lead_at is not null and people.is_role_mailbox and u('colleague', contact_key) < 0.7
)
select
    sent.* replace (email_written(sent.email, 'form', submission_key) as email),
    drawn_form.form_key,
    case
        when sent.person_key > 2000000000 then 95000000 + (sent.person_key - 2000000000)
        -- A shared device: the colleague who sits beside.
        when u('shared device', submission_key) < 0.01 and people.kind = 'web' and sent.person_key > 1
            then 100000000 + (sent.person_key - 1) * 2
        else 100000000 + sent.person_key * 2
    end as device_key,
    -- Some browsers block the web analytics altogether.
    u('blocked', submission_key) >= 0.02 as is_tracked,
    contacts.traffic_kind,
    contacts.campaign_code,
    contacts.role
from sent
inner join contacts using (contact_key)
inner join people on people.person_key = contacts.person_key
-- Who comes before a form is there takes the first one.
inner join (select form_key as wanted_key, created_at from forms) as wanted_form
    on wanted_form.wanted_key = 1 + floor(6 * pow(u('form', submission_key), 1.3))::int
inner join (select form_key from forms) as drawn_form
    on drawn_form.form_key = case when wanted_form.created_at < submitted_at then wanted_form.wanted_key else 1 end
where submitted_at < getvariable('end_at');
