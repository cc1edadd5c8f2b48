with
accounts as (select * from {{ ref('int_canonical__accounts') }}),
addresses as (select * from {{ ref('int_identity__addresses') }}),
free_mail_domains as (select * from {{ ref('free_mail_domains') }}),
account_links as (
    select
        accounts.record_key as left_key,
        'domain|' || addresses.registrable_domain as right_key,
        'account_domain' as rule,
        accounts.domain as evidence,
        cast(null as timestamp) as first_seen_at,
        case when free_mail_domains.domain is not null then 'free-mail domain' end as refused_reason
    from accounts
    inner join addresses
        on accounts.domain = addresses.address
    left join free_mail_domains
        on addresses.registrable_domain = free_mail_domains.domain
    where addresses.registrable_domain is not null

    union all by name

    select
        record_key as left_key,
        {{ record_key('source_system', 'record_type', 'merged_into_record_id') }} as right_key,
        'account_merge' as rule,
        merged_into_record_id as evidence
    from accounts
    where merged_into_record_id is not null
)
select *, refused_reason is null as is_active from account_links
