with
-- Newest first, as the API gives them; one in 250 is delivered twice, and some again in the next delivery.
wanted as (
    select email_events.*, 1 as copy
    from email_events
    where
        created_at >= greatest(getvariable('since'), getvariable('chunk_from')) and created_at < least(getvariable('until'), getvariable('chunk_until'))
    union all
    select email_events.*, 2
    from email_events
    where
        created_at >= greatest(getvariable('since') - interval 6 hour, getvariable('chunk_from') - interval 6 hour, getvariable('start_at'))
        and created_at < least(getvariable('until'), getvariable('chunk_until')) and u('delivered twice', event_key) < 0.004
)
select
    -epoch_us(wanted.created_at) + 1000 * wanted.copy as position,
    case wanted.type
        when 'SENT' then to_json({
            'id': uuid_of('mail event', event_key), 'created': epoch_of(wanted.created_at), 'type': wanted.type, 'recipient': contacts.email,
            'portalId': 48210077, 'appId': 113, 'appName': 'Batch', 'emailCampaignId': mails.email_campaign_id::bigint,
            'from': 'くもCRM <news@kumo-crm.example>', 'subject': mails.name
        })
        when 'DELIVERED' then to_json({
            'id': uuid_of('mail event', event_key), 'created': epoch_of(wanted.created_at), 'type': wanted.type, 'recipient': contacts.email,
            'portalId': 48210077, 'appId': 113, 'appName': 'Batch', 'emailCampaignId': mails.email_campaign_id::bigint,
            'sentBy': {'id': uuid_of('mail event', message_key * 10), 'created': epoch_of(messages.sent_at)}, 'response': '250 2.0.0 OK', 'smtpId': null
        })
        when 'BOUNCE' then to_json({
            'id': uuid_of('mail event', event_key), 'created': epoch_of(wanted.created_at), 'type': wanted.type, 'recipient': contacts.email,
            'portalId': 48210077, 'appId': 113, 'appName': 'Batch', 'emailCampaignId': mails.email_campaign_id::bigint,
            'sentBy': {'id': uuid_of('mail event', message_key * 10), 'created': epoch_of(messages.sent_at)},
            'category': 'UNKNOWN_USER', 'response': '550 5.1.1 user unknown', 'status': '5.1.1'
        })
        when 'STATUSCHANGE' then to_json({
            'id': uuid_of('mail event', event_key), 'created': epoch_of(wanted.created_at), 'type': wanted.type, 'recipient': contacts.email,
            'portalId': 48210077, 'appId': 113, 'appName': 'Batch', 'emailCampaignId': mails.email_campaign_id::bigint,
            'sentBy': {'id': uuid_of('mail event', message_key * 10), 'created': epoch_of(messages.sent_at)},
            'source': 'SOURCE_RECIPIENT', 'portalSubscriptionStatus': 'UNSUBSCRIBED', 'subscriptions': [{'id': 7, 'status': 'UNSUBSCRIBED'}]
        })
        else to_json({
            'id': uuid_of('mail event', event_key), 'created': epoch_of(wanted.created_at), 'type': wanted.type, 'recipient': contacts.email,
            'portalId': 48210077, 'appId': 113, 'appName': 'Batch', 'emailCampaignId': mails.email_campaign_id::bigint,
            'sentBy': {'id': uuid_of('mail event', message_key * 10), 'created': epoch_of(messages.sent_at)},
            'url': case wanted.type when 'CLICK' then 'https://www.kumo-crm.example/blog?utm_campaign=' || mails.campaign_code end,
            'userAgent': case when wanted.is_filtered then 'Mozilla/5.0 (compatible; MailScanner/3.1)' else 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)' end,
            'deviceType': 'COMPUTER', 'filteredEvent': wanted.is_filtered, 'location': {'country': 'japan'}
        })
    end::varchar as record
from wanted
inner join messages using (message_key)
inner join contacts using (contact_key)
inner join mails using (mail_key)
