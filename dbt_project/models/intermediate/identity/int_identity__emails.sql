with
addresses as (
    select * from {{ ref('int_identity__addresses') }}
    where contains(folded_address, '@') and domain is not null
),

free_mail_domains as (
    select * from {{ ref('free_mail_domains') }}
),

role_mailboxes as (
    select * from {{ ref('role_mailboxes') }}
),

typo_domains as (
    select * from {{ ref('typo_domains') }}
),

parts as (
    select
        addresses.address,
        addresses.domain,
        addresses.registrable_domain,
        addresses.is_placeholder,
        addresses.is_in_use,
        coalesce(free_mail_domains.mailbox_domain, addresses.domain) as mailbox_domain,
        free_mail_domains.domain is not null as is_free_mail,
        coalesce(free_mail_domains.ignores_dots, false) as ignores_dots,
        -- Companies' mail runs mostly on Google Workspace and Microsoft 365, which deliver name+tag to name; a free
        -- provider ignores the tag only where the seed says so.
        coalesce(free_mail_domains.ignores_plus_tag, true) as ignores_plus_tag,
        regexp_replace(addresses.folded_address, '@[^@]*$', '') as local_part
    from addresses
    left join free_mail_domains
        -- Providers hand out subdomains (apricot.ocn.ne.jp): the seed's own row wins, else the registrable domain's.
        on free_mail_domains.domain = case
            when addresses.domain in (select own.domain from free_mail_domains as own) then addresses.domain
            else addresses.registrable_domain
        end
),

untagged as (
    select
        *,
        case
            when ignores_plus_tag and {{ matches('local_part', "'^[^+]+\\+'") }} then split_part(local_part, '+', 1)
            else local_part
        end as mailbox_with_dots
    from parts
),

mailboxes as (
    select
        *,
        case when ignores_dots then replace(mailbox_with_dots, '.', '') else mailbox_with_dots end as mailbox
    from untagged
),

final as (
    select
        mailboxes.address as email,
        mailboxes.mailbox || '@' || mailboxes.mailbox_domain as normalised_email,
        mailboxes.domain,
        mailboxes.registrable_domain,
        mailboxes.is_free_mail,
        role_mailboxes.local_part is not null as is_role,
        mailboxes.is_placeholder,
        mailboxes.is_in_use,
        -- A mistyped domain is nobody's company.
        not mailboxes.is_free_mail
        and not mailboxes.is_placeholder
        and typo_domains.typo_domain is null
        and mailboxes.registrable_domain is not null as is_business,
        typo_domains.typo_domain is not null as is_typo_domain,
        typo_domains.likely_domain
    from mailboxes
    left join role_mailboxes
        on mailboxes.mailbox = role_mailboxes.local_part
    left join typo_domains
        on mailboxes.domain = typo_domains.typo_domain
)

select * from final
