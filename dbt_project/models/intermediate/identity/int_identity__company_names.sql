select distinct company_name, replace(company_name,'株式会社','') as company_key from {{ ref('int_canonical__persons') }} where company_name is not null
