-- A row that no account can be judged by would make every account a misfit unseen.
{{ config(tags=['identity_gate']) }}

select
    attribute,
    operator,
    value
from {{ ref('target_definition') }}
where
    (attribute in ('industry', 'region') and operator = 'in' and {{ cleaned('value') }} is not null) is not true
    and (
        attribute in ('employees', 'annual_revenue')
        and operator in ('at_least', 'at_most')
        and try_cast(value as decimal(18, 2)) is not null
    ) is not true
