select
    strftime(spent_on, '%Y/%m/%d') as "計上日",
    amount as "金額",
    cost_type as "費目",
    channel as "チャネル",
    as_written(campaign_code, 'expenses') as "キャンペーン",
    label as "摘要"
from expenses
where delivered(business_midnight(spent_on))
order by expense_key
