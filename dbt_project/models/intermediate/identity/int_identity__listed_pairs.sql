-- What users list about persons, in the form that links have; pairs of accounts are for the graph of accounts.
with
listed as (
    select 'always_link' as rule, left_key, right_key, wording from {{ ref('always_link') }}
    union all
    select 'never_link' as rule, left_key, right_key, wording from {{ ref('never_link') }}
),

emails as (
    select * from {{ ref('int_identity__emails') }}
),

trimmed as (
    select
        rule,
        {{ cleaned('left_key') }} as left_key,
        {{ cleaned('right_key') }} as right_key,
        wording
    from listed
),

final as (
    select
        trimmed.rule,
        -- An address may be listed as it was typed.
        coalesce('email|' || left_emails.normalised_email, trimmed.left_key) as left_key,
        coalesce('email|' || right_emails.normalised_email, trimmed.right_key) as right_key,
        trimmed.wording
    from trimmed
    left join emails as left_emails
        on trimmed.left_key = 'email|' || left_emails.email
    left join emails as right_emails
        on trimmed.right_key = 'email|' || right_emails.email
    where
        split_part(trimmed.left_key, '|', 2) <> 'account'
        and split_part(trimmed.right_key, '|', 2) <> 'account'
        and split_part(trimmed.left_key, '|', 1) not in ('domain', 'corporate_number', 'company_name')
        and split_part(trimmed.right_key, '|', 1) not in ('domain', 'corporate_number', 'company_name')
)

select * from final
