{%- set attributes = {
    'is_target': 'accounts.is_target', 'industry': 'accounts.industry', 'employee_band': 'accounts.employee_band',
    'region': 'accounts.region', 'has_business_address': 'persons.has_business_address',
    'is_free_mail': 'persons.is_free_mail',
} -%}

with
journeys as (
    select * from {{ ref('int_lifecycle__journeys') }}
),

persons as (
    select * from {{ ref('dim_person') }}
),

accounts as (
    select * from {{ ref('dim_account') }}
),

rules as (
    select * from {{ ref('scoring_rules') }}
    where kind = 'fit'
),

described as (
    select
        {% for attribute, column in attributes.items() -%}
        lower(cast({{ column }} as {{ dbt.type_string() }})) as {{ attribute }},
        {% endfor -%}
        journeys.lead_id
    from journeys
    left join persons on journeys.person_id = persons.person_id
    left join accounts on journeys.account_id = accounts.account_id
),

attribute_texts as (
    {% for attribute in attributes -%}
    select
        lead_id,
        '{{ attribute }}' as attribute,
        {{ attribute }} as text
    from described
    where {{ attribute }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Each text is held against the rules once, however many leads share it.
distinct_texts as (
    select distinct attribute, text
    from attribute_texts
),

matched as (
    select
        distinct_texts.attribute,
        distinct_texts.text,
        rules.rule_id,
        rules.points
    from distinct_texts
    inner join rules
        on
            distinct_texts.attribute = rules.attribute
            and {{ matches('distinct_texts.text', 'rules.condition') }}
),

final as (
    select
        attribute_texts.lead_id,
        matched.rule_id,
        matched.points
    from attribute_texts
    inner join matched on attribute_texts.attribute = matched.attribute and attribute_texts.text = matched.text
)

select * from final
