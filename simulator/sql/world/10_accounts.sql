-- Companies: what they are called, where their mail comes from, and whether they are the vendor's target.
create table accounts as
with
drawn as (
    select
        account_key,
        pick(
            [
                ('青葉', 'aoba'), ('旭', 'asahi'), ('東洋', 'toyo'), ('北斗', 'hokuto'), ('山手', 'yamate'), ('瑞穂', 'mizuho'),
                ('未来', 'mirai'), ('大和', 'yamato'), ('中央', 'chuo'), ('新光', 'shinko'), ('桜', 'sakura'), ('富士見', 'fujimi'),
                ('三栄', 'sanei'), ('日進', 'nisshin'), ('若葉', 'wakaba'), ('港', 'minato'), ('秀和', 'shuwa'), ('髙橋', 'takahashi')
            ],
            'account prefix', account_key
        ) as prefix,
        pick(
            [
                ('精機', 'seiki', 'Manufacturing'), ('電機', 'denki', 'Manufacturing'), ('工業', 'kogyo', 'Manufacturing'),
                ('システム', 'system', 'Software'), ('ソフトウェア', 'software', 'Software'), ('データ', 'data', 'Software'),
                ('物流', 'butsuryu', 'Transportation'), ('商事', 'shoji', 'Wholesale'), ('建設', 'kensetsu', 'Construction'),
                ('フィナンシャル', 'financial', 'Finance')
            ],
            'account suffix', account_key
        ) as suffix,
        pick(['.co.jp', '.co.jp', '.co.jp', '.jp', '.com', '.ne.jp', '.or.jp'], 'account domain', account_key) as tld,
        pick(
            ['東京都', '東京都', '東京都', '東京都', '神奈川県', '愛知県', '大阪府', '大阪府', '福岡県', '北海道', '宮城県', '広島県'],
            'account region', account_key
        ) as region,
        case
            when u('account size unknown', account_key) >= 0.04 then ceil(lognormal(160, 1.3, 'account size', account_key))::bigint
        end as employees
    from range(1, volume(850) + 5) as numbers (account_key)
)
select
    account_key,
    prefix[1] || suffix[1] as name,
    prefix[2] || '-' || suffix[2] || account_key || tld as domain,
    suffix[3] as industry,
    region,
    employees,
    corporate_number(100000000000 + account_key * 37) as corporate_number,
    (employees * between_numbers(8, 40, 'account revenue', account_key))::bigint * 1000000 as annual_revenue,
    -- The vendor's target: software and manufacturing, from 100 employees, in Tokyo. Unknown is not a target.
    coalesce(suffix[3] in ('Software', 'Manufacturing') and employees >= 100 and region = '東京都', false) as is_target
from drawn;

-- One company, as different people write it.
create macro company_written(name, purpose, entity) as
    case floor(u('company ' || purpose, entity) * 8)::int
        when 0 then name || '株式会社'
        when 1 then '(株)' || name
        when 2 then '㈱' || name
        when 3 then name || '（株）'
        when 4 then '株式会社　' || name
        else '株式会社' || name
    end;
