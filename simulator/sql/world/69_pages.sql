-- Pages of the site. What marketing has tagged on them: an event of buying intent, a call to action, a file, a form.
create table pages as
select pages.page_key, pages.path, pages.title, pages.intent_event, pages.cta_id, pages.file_name, pages.form_key
from (
    values
    (1, '/', 'くもCRM', null, 'cta-hero-document', null, null::bigint),
    (2, '/product', '製品', null, 'cta-product-demo', 'product-overview.pdf', null),
    (3, '/pricing', '料金', 'view_pricing', 'cta-pricing-sheet', null, null),
    (4, '/cases', '導入事例', 'view_case_study', 'cta-cases-contact', 'case-collection.pdf', null),
    (5, '/blog/lead-management', 'リード管理とは', null, 'cta-blog-whitepaper', null, null),
    (6, '/contact', 'お問い合わせ', null, null, null, 2),
    (7, '/webinar', 'ウェビナー', null, null, null, 5),
    (8, '/blog/kpi', 'KPI設計', null, 'cta-blog-whitepaper', 'kpi-template.xlsx', null),
    (9, '/download/service-guide', '資料請求', null, null, null, 1),
    (10, '/demo', 'デモ申し込み', null, null, null, 3),
    (11, '/download/lead-management', 'リード管理の教科書', null, null, null, 4),
    (12, '/pricing/download', '料金表ダウンロード', null, null, null, 6)
) as pages (page_key, path, title, intent_event, cta_id, file_name, form_key);
