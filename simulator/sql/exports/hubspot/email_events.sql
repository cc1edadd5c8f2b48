with
-- Newest first, as the API gives them; one in 250 is delivered twice, and some again in the next delivery.
wanted as (
    select email_events.*, 1 as copy
    from email_events
    where
        created_at >= getvariable('chunk_from') and created_at < getvariable('chunk_until')
    union all
    select email_events.*, 2
    from email_events
    where
        created_at >= getvariable('chunk_from') - interval 6 hour and created_at < getvariable('chunk_until')
        and u('delivered twice', event_key) < 0.004
),
described as (
    select
        wanted.*,
        mails.subject,
        mails.sender_name,
        mails.campaign_code,
        {
            'id': uuid_of('mail event', event_key),
            'created': epoch_of(wanted.created_at),
            'type': wanted.type,
            'recipient': contacts.email,
            'portalId': 48210077,
            'appId': 113,
            'appName': 'Batch',
            'emailCampaignId': mails.email_campaign_id::bigint
        } as event,
        {'id': uuid_of('mail event', message_key * 10), 'created': epoch_of(messages.sent_at)} as sent_by
    from wanted
    inner join messages using (message_key)
    inner join contacts using (contact_key)
    inner join mails using (mail_key)
)
select
    -epoch_us(created_at) + 1000 * copy as position,
    case type
        when 'SENT' then to_json(struct_insert(event, "from" := sender_name || ' <news@kumo-crm.example>', subject := subject))
        when 'DELIVERED' then to_json(struct_insert(event, "sentBy" := sent_by, response := '250 2.0.0 OK'))
        when 'BOUNCE'
            then to_json(
                struct_insert(
                    event,
                    "sentBy" := sent_by, category := 'UNKNOWN_USER', response := '550 5.1.1 user unknown', status := '5.1.1'
                )
            )
        when 'STATUSCHANGE'
            then to_json(
                struct_insert(
                    event,
                    "sentBy" := sent_by,
                    source := 'SOURCE_RECIPIENT',
                    "portalSubscriptionStatus" := 'UNSUBSCRIBED',
                    subscriptions := [{'id': 7, 'status': 'UNSUBSCRIBED'}]
                )
            )
        else to_json(
            struct_insert(
                event,
                "sentBy" := sent_by,
                url := case type when 'CLICK' then 'https://www.kumo-crm.example/blog?utm_campaign=' || campaign_code end,
                "userAgent" := case
                    when is_filtered then 'Mozilla/5.0 (compatible; MailScanner/3.1)'
                    else 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)'
                end,
                "deviceType" := 'COMPUTER',
                "filteredEvent" := is_filtered,
                location := {'country': 'japan'}
            )
        )
    end::varchar as record
from described
