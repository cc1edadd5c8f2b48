-- Who registered for each webinar, and who came; people join from any address they have.
create table attendance as
with
invited as (
    select contact_key, person_key, email, created_at from contacts where role in ('main', 'plus_tag')
    union all
    select 3000000000 + person_key, person_key, email, getvariable('start_at') from people where kind = 'zoom'
),
-- Who is about to talk to sales comes to webinars more often.
meeting_soon as (
    select person_key, min(starts_at) as meeting_at
    from meetings
    inner join sales_leads using (lead_key)
    where meetings.type = 'Meeting' and not meetings.is_deleted
    group by person_key
),
registered as (
    select
        webinars.webinar_key,
        invited.person_key,
        invited.contact_key * 1000 + webinars.webinar_key as attendance_key,
        email_written(invited.email, 'webinar', attendance_key) as email,
        whole_s(
            any_time(
                'registration', attendance_key, greatest(invited.created_at, webinars.starts_at - interval 9 day),
                webinars.starts_at - interval 1 hour
            )
        ) as registered_at,
        u('attended', attendance_key) < 0.62 as is_attended,
        whole_s(later(webinars.starts_at, -300 + 900 * u('join', attendance_key))) as joined_at
    from invited
    cross join webinars
    left join meeting_soon using (person_key)
    where invited.created_at < webinars.starts_at - interval 1 day
        and u('registers', attendance_key) < case
            when invited.contact_key >= 3000000000 then 0.3
            when meeting_soon.meeting_at between webinars.starts_at and webinars.starts_at + interval 28 day then 0.7
            else 0.03
        end
)
select
    *,
    whole_s(later(joined_at, 600 + 3000 * u('stay', attendance_key))) as left_at,
    -- Thrown out by the network and back again: two lines for one person.
    is_attended and u('rejoined', attendance_key) < 0.06 as is_rejoined,
    is_attended and u('survey', attendance_key) < 0.55 as is_survey_answered,
    is_survey_answered and u('promising', attendance_key) < 0.27 as is_promising
from registered;
