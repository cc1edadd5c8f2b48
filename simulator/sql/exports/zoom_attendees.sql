with
lines as (
    select *, 1 as line from attendance where webinar_key = getvariable('webinar_key')
    union all
    select * replace (left_at + interval 2 minute as joined_at, left_at + interval 20 minute as left_at), 2
    from attendance
    where webinar_key = getvariable('webinar_key') and is_rejoined
)
select
    case when is_attended then 'Yes' else 'No' end as "Attended",
    people.last_name || ' ' || people.first_name as "User Name (Original Name)",
    people.first_name as "First Name",
    people.last_name as "Last Name",
    lines.email as "Email",
    company_written(accounts.name, 'webinar', attendance_key) as "Company",
    phone_written(people.phone, 'webinar', attendance_key) as "Phone",
    strftime(local_time(registered_at), '%b %d, %Y %H:%M:%S') as "Registration Time",
    case when is_attended then strftime(local_time(joined_at), '%b %d, %Y %H:%M:%S') end as "Join Time",
    case when is_attended then strftime(local_time(left_at), '%b %d, %Y %H:%M:%S') end as "Leave Time",
    case when is_attended then date_diff('minute', joined_at, left_at) end as "Time in Session (minutes)",
    case when is_survey_answered then 'Yes' end as "Survey Answered",
    case when is_promising then 'Yes' end as "Promising",
    'Japan' as "Country/Region Name"
from lines
inner join people using (person_key)
inner join accounts using (account_key)
order by registered_at, attendance_key, line
