-- Links of account records to identifiers and to each other as each rule makes them, refused where the link itself
-- shows why. Conflicts between links are settled by int_identity__account_links.
with
records as (
    select * from {{ ref('int_identity__account_records') }}
),

account_merges as (
    select * from {{ ref('int_canonical__account_merges') }}
),

hubspot_companies as (
    select * from {{ ref('stg_hubspot__companies') }}
),

free_mail_domains as (
    select * from {{ ref('free_mail_domains') }}
),

shared_web_hosts as (
    select * from {{ ref('shared_web_hosts') }}
),

placeholder_values as (
    select * from {{ ref('placeholder_values') }}
    where kind in ('any', 'email')
),

domain_limit as (
    select at_most from {{ ref('identity_limits') }}
    where identifier_type = 'domain' and counted_type = 'company_name'
),

always_link as (
    select * from {{ ref('always_link') }}
),

-- Of one group's companies that name the same domain, the one nearest the head has it.
ranked as (
    select
        *,
        depth > min(depth) over (partition by registrable_domain, group_key) as is_subsidiary
    from records
    where domain is not null
),

-- A subsidiary is known by its number in other tools too.
domain_claims as (
    select
        *,
        is_subsidiary
        or (
            valid_number is not null
            and bool_or(is_subsidiary) over (partition by registrable_domain, valid_number)
        ) as is_of_parent,
        count(distinct company_key) over (partition by registrable_domain) as company_names
    from ranked
),

domain_links as (
    select
        domain_claims.record_key as left_key,
        'domain|' || coalesce(domain_claims.registrable_domain, domain_claims.domain) as right_key,
        'account_domain' as rule,
        domain_claims.domain as evidence,
        domain_claims.source_file,
        domain_claims.source_row_number,
        domain_claims.created_at as first_seen_at,
        domain_claims.updated_at as last_seen_at,
        case
            when exists (
                select 1 from placeholder_values
                where {{ matches("'somebody@' || domain_claims.domain", 'placeholder_values.pattern') }}
            ) then 'placeholder domain'
            when domain_claims.registrable_domain is null then 'not a domain that one company registers'
            when exists (
                select 1 from free_mail_domains
                where free_mail_domains.domain in (domain_claims.domain, domain_claims.registrable_domain)
            ) then 'free-mail domain'
            when exists (
                select 1 from shared_web_hosts
                where shared_web_hosts.domain in (domain_claims.domain, domain_claims.registrable_domain)
            ) then 'host of many companies'' pages'
            when domain_claims.company_names > domain_limit.at_most then 'domain of too many company names'
            when domain_claims.is_of_parent then 'domain of its parent account'
        end as refused_reason
    from domain_claims
    left join domain_limit
        on domain_claims.registrable_domain is not null
),

corporate_number_links as (
    select
        record_key as left_key,
        'corporate_number|' || valid_number as right_key,
        'account_corporate_number' as rule,
        valid_number as evidence,
        source_file,
        source_row_number,
        created_at as first_seen_at,
        updated_at as last_seen_at
    from records
    where valid_number is not null
),

name_links as (
    select
        record_key as left_key,
        'company_name|' || company_key as right_key,
        'account_name' as rule,
        account_name as evidence,
        source_file,
        source_row_number,
        created_at as first_seen_at,
        updated_at as last_seen_at
    from records
    where company_key is not null
),

merge_links as (
    select
        {{ record_key('source_system', "'account'", 'loser_record_id') }} as left_key,
        {{ record_key('source_system', "'account'", 'winner_record_id') }} as right_key,
        'account_merge' as rule,
        loser_record_id as evidence,
        source_file,
        source_row_number,
        merged_at as first_seen_at,
        merged_at as last_seen_at
    from account_merges
),

-- Salesforce: 18-character ids are the 15-character ones with a checksum; either form may be stored.
tool_id_links as (
    select
        {{ record_key('hubspot_companies.source_system', "'account'", 'hubspot_companies.company_id') }} as left_key,
        records.record_key as right_key,
        'account_tool_id' as rule,
        hubspot_companies.salesforce_account_id as evidence,
        hubspot_companies.source_file,
        hubspot_companies.source_row_number,
        hubspot_companies.created_at as first_seen_at,
        hubspot_companies.updated_at as last_seen_at
    from hubspot_companies
    inner join records
        on substring(hubspot_companies.salesforce_account_id, 1, 15) = substring(records.record_id, 1, 15)
),

always_links as (
    select
        left_key,
        right_key,
        'always_link' as rule,
        wording as evidence
    from always_link
    where left_key in (select record_key from records) or right_key in (select record_key from records)
),

unioned as (
    select * from domain_links
    union all by name
    select * from corporate_number_links
    union all by name
    select * from name_links
    union all by name
    select * from merge_links
    union all by name
    select * from tool_id_links
    union all by name
    select * from always_links
),

final as (
    select
        left_key,
        right_key,
        rule,
        evidence,
        source_file,
        source_row_number,
        first_seen_at,
        last_seen_at,
        refused_reason
    from unioned
)

select * from final
