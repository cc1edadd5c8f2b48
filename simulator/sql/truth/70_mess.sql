-- What else of real life is in the files, counted.
create table truth.mess as
from broken_rows
union all
select kind, null, null, null, rows
from (
    select 'bot_hit' as kind, count(*) as rows from hits where is_bot
    union all
    select 'late_hit', count(*) from hits where is_late
    union all
    select 'mail_event_delivered_twice', count(*) from email_events where u('delivered twice', event_key) < 0.004
    union all
    select 'filtered_mail_event', count(*) from email_events where is_filtered
    union all
    select 'contact_merged', count(*) from contacts where merged_at is not null
    union all
    select 'contact_merged_in_a_night', count(*) from contacts where merged_at >= getvariable('nights_at')
    union all
    select 'contact_with_plus_tag', count(*) from contacts where role = 'plus_tag'
    union all
    select 'contact_that_nothing_links', count(*) from contacts where role = 'unlinked'
    union all
    select 'lead_merged', count(*) from second_entries
    union all
    select 'lead_recycled', count(*) from sales_work where recycled_at is not null
    union all
    select 'lead_taken_up_again', count(*) from sales_leads where journey_number = 2
    union all
    select 'mark_not_synced', count(*) from sales_leads where not is_in_crm or is_mark_lost
    union all
    select 'try_before_mark', count(*) from sales_work where tried_at < from_at
    union all
    select 'opportunity_without_history', count(*) from opportunities where is_without_history
    union all
    select 'role_mailbox', count(*) from people where is_role_mailbox
    union all
    select 'shared_mailbox', count(*) from submissions where person_key > 2000000000
    union all
    select 'shared_device', count(*) from submissions where device_key >= 100000000 and device_key // 2 - 50000000 <> person_key
    union all
    select 'free_mail', count(*) from people where is_free_mail
    union all
    select 'card_without_address', count(*) from cards where is_without_email
    union all
    select 'placeholder_address', count(*) from cards where is_placeholder
)
order by all;
