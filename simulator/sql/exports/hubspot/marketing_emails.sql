select
    mail_key as position,
    to_json({
        'id': hubspot_id,
        'name': name,
        'subject': subject,
        'campaign': null,
        'campaignName': name,
        'campaignUtm': as_written(campaign_code, 'hubspot mail'),
        'type': case kind when 'step' then 'AUTOMATED_EMAIL' else 'BATCH_EMAIL' end,
        'state': case kind when 'step' then 'AUTOMATED' else 'PUBLISHED' end,
        'from': {'fromName': sender_name, 'replyTo': 'news@kumo-crm.example'},
        'primaryEmailCampaignId': email_campaign_id,
        'publishDate': iso_ms(published_at),
        'createdAt': iso_ms(published_at - interval 3 day),
        'updatedAt': iso_ms(published_at),
        'to': {'contactLists': {'include': case when list_key is not null then [list_key::varchar] else [] end, 'exclude': []}},
        'isAb': variant is not null
    })::varchar as record
from mails
where delivered(published_at)
