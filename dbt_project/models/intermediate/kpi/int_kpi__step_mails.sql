with
enrolments as (
    select * from {{ ref('fct_step_mail_enrolments') }}
),

final as (
    select
        {{ business_day('enrolled_at') }} as date_on,
        'email' as channel,
        content_id,
        count(*) as step_mail_enrolments,
        count(completed_at) as step_mail_completions
    from enrolments
    group by all
)

select * from final
