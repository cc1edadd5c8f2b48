-- People the company comes to know, by how it first does; `person_key` is the truth that no export carries.
create table people as
with
kinds (kind, kind_order, per_year, free_mail_share) as (
    values
    ('web', 1, 500, 0.13), ('subscriber', 2, 1150, 0.10), ('card', 3, 390, 0.03), ('direct', 4, 150, 0.05),
    ('customer', 5, 130, 0.01), ('zoom', 6, 50, 0.30)
),
sized as (
    select *, sum(volume(per_year)) over (order by kind_order) - volume(per_year) as before
    from kinds
),
numbered as (
    select kind, free_mail_share, (before + unnest(range(1, volume(per_year) + 1)))::bigint as person_key
    from sized
),
drawn as (
    select
        *,
        1 + floor(pow(u('account', person_key), 1.4) * (select count(*) from accounts))::bigint as account_key,
        pick(
            [
                ('佐藤', 'sato'), ('鈴木', 'suzuki'), ('高橋', 'takahashi'), ('田中', 'tanaka'), ('伊藤', 'ito'), ('渡邉', 'watanabe'),
                ('山本', 'yamamoto'), ('中村', 'nakamura'), ('小林', 'kobayashi'), ('加藤', 'kato'), ('吉田', 'yoshida'), ('山田', 'yamada'),
                ('佐々木', 'sasaki'), ('山口', 'yamaguchi'), ('松本', 'matsumoto'), ('井上', 'inoue'), ('木村', 'kimura'), ('林', 'hayashi'),
                ('齋藤', 'saito'), ('清水', 'shimizu'), ('山崎', 'yamazaki'), ('森', 'mori'), ('池田', 'ikeda'), ('橋本', 'hashimoto')
            ],
            'last name', person_key
        ) as last,
        pick(
            [
                ('太郎', 'taro'), ('花子', 'hanako'), ('健一', 'kenichi'), ('美咲', 'misaki'), ('翔太', 'shota'), ('裕子', 'yuko'),
                ('大輔', 'daisuke'), ('直樹', 'naoki'), ('恵', 'megumi'), ('拓也', 'takuya'), ('由美子', 'yumiko'), ('誠', 'makoto'),
                ('陽子', 'yoko'), ('亮', 'ryo'), ('真由美', 'mayumi'), ('浩', 'hiroshi')
            ],
            'first name', person_key
        ) as first,
        u('free mail', person_key) < free_mail_share as is_free_mail
    from numbered
),
-- At most one lead of a company writes from the company's role mailbox.
mailboxes as (
    select
        *,
        kind = 'web' and not is_free_mail and u('role mailbox', person_key) < 0.04
        and row_number() over (
            partition by account_key order by kind <> 'web', is_free_mail, u('role mailbox', person_key)
        ) = 1 as is_role_mailbox
    from drawn
)
select
    mailboxes.person_key,
    mailboxes.kind,
    mailboxes.account_key,
    mailboxes.is_free_mail,
    mailboxes.is_role_mailbox,
    mailboxes.last[1] as last_name,
    mailboxes.first[1] as first_name,
    upper(mailboxes.last[2][1]) || mailboxes.last[2][2:] as last_name_roman,
    upper(mailboxes.first[2][1]) || mailboxes.first[2][2:] as first_name_roman,
    mailboxes.last[2] || '.' || mailboxes.first[2] || mailboxes.person_key as mailbox,
    case
        when mailboxes.is_role_mailbox then pick(['info', 'sales', 'contact'], 'role', person_key) || '@' || accounts.domain
        when mailboxes.is_free_mail
            then mailbox || '@' || pick(
                [
                    'gmail.com', 'gmail.com', 'gmail.com', 'yahoo.co.jp', 'yahoo.co.jp', 'docomo.ne.jp', 'ezweb.ne.jp', 'softbank.ne.jp',
                    'nifty.com', 'ocn.ne.jp', 'icloud.com', 'outlook.jp'
                ],
                'free domain', person_key
            )
        when u('branch mailbox', person_key) < 0.03 then mailbox || '@' || 'east.' || accounts.domain
        else mailbox || '@' || accounts.domain
    end as email,
    mailboxes.first[2] || '_' || mailboxes.last[2] || mailboxes.person_key || '@gmail.com' as private_email,
    -- Tokyo, Osaka, mobile.
    case
        when u('phone area', person_key) < 0.4 then '03-' || (3 + person_key % 3)
        when u('phone area', person_key) < 0.6 then '06-' || (4 + person_key % 3)
        else pick(['070', '080', '090'], 'phone prefix', person_key) || '-' || (1 + person_key % 9)
    end
    || lpad((person_key * 7919 % 1000)::varchar, 3, '0') || '-' || lpad((person_key * 104729 % 10000)::varchar, 4, '0') as phone,
    pick(['部長', '課長', '係長', '主任', '担当', '取締役', 'マネージャー', '情報システム部長'], 'title', person_key) as title,
    -- Which second address, if any, the company gets to know, and how: see 50_contacts.
    case
        when mailboxes.kind = 'web' and not mailboxes.is_role_mailbox then
            case
                when u('alias', person_key) < 0.006 then 'unlinked'
                when u('alias', person_key) < 0.030 then 'merged'
                when u('alias', person_key) < 0.050 then 'plus_tag'
            end
    end as alias_kind
from mailboxes
inner join accounts on mailboxes.account_key = accounts.account_key;

-- One mailbox, as different people and tools write it.
create macro email_written(email, purpose, entity) as
    case floor(u('email ' || purpose, entity) * 20)::int
        when 0 then upper(email)
        when 1 then full_width(email)
        when 2 then upper(email[1]) || email[2:]
        when 3 then email || ' '
        else email
    end;

create macro phone_written(phone, purpose, entity) as
    case floor(u('phone ' || purpose, entity) * 8)::int
        when 0 then full_width(phone)
        when 1 then '+81 ' || phone[2:]
        when 2 then replace(phone, '-', '')
        when 3 then phone || ' 内線' || (100 + floor(899 * u('extension', entity)))::int
        when 4 then null
        else phone
    end;
