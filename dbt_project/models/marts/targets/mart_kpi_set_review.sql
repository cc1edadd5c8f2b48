with
reviews as (
    select * from {{ ref('kpi_set_reviews') }}
    where reviewed_on <= {{ business_day(as_of()) }}
),

-- One row, also where nobody ever reviewed.
latest as (
    select
        max(reviewed_on) as last_reviewed_on,
        cast({{ dbt.dateadd('month', alert_settings().review_months, 'max(reviewed_on)') }} as date) as review_due_on
    from reviews
),

final as (
    select
        latest.last_reviewed_on,
        reviews.reviewer,
        reviews.wording_en,
        reviews.wording_ja,
        latest.review_due_on,
        coalesce(latest.review_due_on <= {{ business_day(as_of()) }}, true) as is_due
    from latest
    left join reviews on latest.last_reviewed_on = reviews.reviewed_on
)

select * from final
