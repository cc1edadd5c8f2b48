-- What marketing did that worked, and by how much: the probabilities elsewhere are multiplied by `factor`. An analysis of the
-- exports should find these effects again, and nothing where `factor` is 1.
create table effects as
select *, (getvariable('start_on') + floor(share_of_days * getvariable('days'))::int)::date as started_on
from (
    values
    -- effect, KPI, where it is seen, treated group, control group, factor, begun after this share of the days, what it is
    ('personal_sender', 'open_rate', 'sender', '佐藤 美咲（くもCRM）', 'くもCRM マーケティング', 1.25, 0.0, 'A person as the sender of a mail'),
    ('number_in_subject', 'open_rate', 'subject', '数字あり', '数字なし', 1.25, 0.0, 'A number in the subject'),
    ('brackets_in_subject', 'open_rate', 'subject', '【】あり', '【】なし', 1.10, 0.0, '【】 in the subject'),
    ('question_in_subject', 'open_rate', 'subject', '疑問文', '疑問文以外', 1.0, 0.0, 'A question as the subject: no effect'),
    ('evening', 'open_rate', 'hour', '19', '10', 0.75, 0.0, 'Sent in the evening'),
    ('old_list', 'open_rate', 'list age', '180日以上', '180日未満', 0.75, 0.0, 'Sent to people known for half a year or longer'),
    ('invitation', 'click_rate', 'mail', 'ご招待', 'メールマガジン', 1.5, 0.0, 'A webinar''s call to action instead of reading matter'),
    ('subject_test', 'open_rate', 'mail', 'メールマガジン …[B]', 'メールマガジン …[A]', 1.25, 0.5, 'A/B test of newsletters: B has a number in the subject'),
    ('short_form', 'form_completion_rate', 'overall', '開始後', '開始前', 0.5, 0.6, 'Fewer fields in all forms: of the forms begun, fewer are given up')
) as effects (effect_id, kpi_id, dimension, treated, control, factor, share_of_days, description);

create macro factor_of(effect, is_treated) as
    case when is_treated then (select factor from effects where effect_id = effect) else 1 end;
create macro day_of(effect) as (select started_on from effects where effect_id = effect);
