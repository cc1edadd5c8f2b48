with
submissions as (
    select * from {{ ref('fct_events') }}
    where event_name = 'form_submit' and person_id is not null
),

forms as (
    select * from {{ ref('dim_content') }}
    where content_type = 'form' and conversion_point in ('document', 'whitepaper', 'pricing')
),

meetings as (
    select
        person_id,
        meeting_at
    from {{ ref('fct_lead_lifecycle') }}
    where meeting_at is not null
),

downloads as (
    select
        submissions.event_id,
        submissions.person_id,
        submissions.occurred_at,
        submissions.campaign_id,
        submissions.content_id,
        forms.conversion_point
    from submissions
    inner join forms on submissions.content_id = forms.content_id
),

-- The person's journey had its first meeting within 3 days after the download.
followed_downloads as (
    select distinct downloads.event_id
    from downloads
    inner join meetings
        on
            downloads.person_id = meetings.person_id
            and meetings.meeting_at >= downloads.occurred_at
            and meetings.meeting_at < {{ dbt.dateadd('day', 3, 'downloads.occurred_at') }}
),

final as (
    select
        {{ business_day('downloads.occurred_at') }} as date_on,
        downloads.campaign_id,
        downloads.content_id,
        downloads.conversion_point,
        count(*) as downloads,
        count(followed_downloads.event_id) as downloads_with_meeting
    from downloads
    left join followed_downloads on downloads.event_id = followed_downloads.event_id
    group by all
)

select * from final
