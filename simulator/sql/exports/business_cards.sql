select
    'M' || lpad(card_key::varchar, 10, '0') as "名刺ID",
    company_written(accounts.name, 'card', card_key) as "会社名",
    pick(['営業部', '情報システム部', '経営企画部', 'マーケティング部', null], 'department', card_key) as "部署名",
    people.title as "役職",
    replace(people.last_name, '高', '髙') || pick([' ', '　'], 'name gap', card_key) || people.first_name as "氏名",
    case
        when cards.is_placeholder then 'test@test.com' when cards.is_without_email then null
        else email_written(people.email, 'card', card_key)
    end as "e-mail",
    phone_written(people.phone, 'card', card_key) as "TEL",
    strftime(cards.exchanged_on, '%Y/%m/%d') as "名刺交換日",
    as_written(cards.campaign_code, 'cards') as "キャンペーン",
    pick(['A', 'B', 'C'], 'card rank', card_key) as "温度感"
from cards
inner join people using (person_key)
inner join accounts using (account_key)
where delivered(business_midnight(cards.exchanged_on))
order by cards.exchanged_on, card_key
