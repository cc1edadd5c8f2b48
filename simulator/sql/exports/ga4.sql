-- The hits stand in the order of the file already.
select
    strftime(day, '%Y%m%d') as event_date,
    epoch_us(hit_at) as event_timestamp,
    name as event_name,
    list_concat(
        [
            ga4_parameter('ga_session_id', null, visit_id),
            ga4_parameter('ga_session_number', null, 1 + visit_key % 20),
            ga4_parameter(
                'page_location',
                'https://www.kumo-crm.example' || pages.path
                || case
                    when number <= 2 and campaign_code is not null
                        then '?utm_source=' || ga_source || '&utm_medium=' || ga_medium
                            || '&utm_campaign=' || as_written(campaign_code, 'ga4')
                    else ''
                end,
                null
            ),
            ga4_parameter('page_title', pages.title, null)
        ],
        case
            when name = 'page_view' and number = 2 and ga_source is not null
                then [
                    ga4_parameter('source', ga_source, null),
                    ga4_parameter('medium', ga_medium, null),
                    ga4_parameter(
                        'campaign',
                        coalesce(
                            as_written(campaign_code, 'ga4'),
                            case when ga_medium in ('organic', 'referral') then '(' || ga_medium || ')' end
                        ),
                        null
                    ),
                    ga4_parameter(
                        'page_referrer',
                        case when ga_medium in ('organic', 'referral') then 'https://www.' || ga_source || '/' end,
                        null
                    )
                ]
            when name = 'scroll' then [ga4_parameter('percent_scrolled', null, percent_scrolled)]
            when name = 'user_engagement' then [ga4_parameter('engagement_time_msec', null, 1000 * engaged_seconds)]
            when name in ('cta_view', 'cta_click') then [ga4_parameter('cta_id', pages.cta_id, null)]
            when name in ('form_view', 'form_start') then [ga4_parameter('form_id', forms.form_id, null)]
            when name = 'file_download' then [ga4_parameter('file_name', pages.file_name, null)]
        end
    ) as event_params,
    visit_key as event_bundle_sequence_id,
    number as batch_event_index,
    -- The customers' portal: whoever logs in is known by the contact's number.
    case when person_key is not null and u('logged in', visit_key) < 0.1 and number > 2 and person_key < 1000000000
            then hubspot_id(person_key)
    end as user_id,
    client_id(device_key) as user_pseudo_id,
    epoch_us(hit_at) - 1000000 as user_first_touch_timestamp,
    {
        'category': case when u('mobile', device_key) < 0.25 then 'mobile' else 'desktop' end,
        'operating_system': case when u('mobile', device_key) < 0.25 then 'iOS' else 'Windows' end,
        'language': 'ja-jp',
        'web_info': {
            'browser': case
                when is_bot and device_key % 2 = 0 then 'HeadlessChrome'
                when u('mobile', device_key) < 0.25 then 'Safari'
                else 'Chrome'
            end,
            'hostname': case
                when is_bot and device_key % 2 = 1 then 'www-kumo--crm-example.translate.goog' else 'www.kumo-crm.example'
            end
        }
    } as device,
    {'country': 'Japan', 'region': 'Tokyo', 'city': 'Chiyoda City'} as geo,
    {'name': null::varchar, 'medium': coalesce(ga_medium, '(none)'), 'source': coalesce(ga_source, '(direct)')} as traffic_source,
    case
        when name = 'page_view' and number = 2 and campaign_code is not null
            then {
                'manual_campaign_name': as_written(campaign_code, 'ga4'),
                'manual_source': ga_source,
                'manual_medium': ga_medium,
                'gclid': case when ga_medium = 'cpc' then 'CjwK' || visit_key end
            }
    end as collected_traffic_source,
    '3912007755' as stream_id,
    'WEB' as platform,
    {'analytics_storage': 'Yes', 'ads_storage': 'Yes'} as privacy_info
from hits
inner join pages using (page_key)
left join (select form_key, form_id from forms) as forms using (form_key)
where day = getvariable('day') and (not is_late or getvariable('with_late'))
