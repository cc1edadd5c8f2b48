"""The columns and keys of the published marts that reports and scripts are written against.

The public promise, in one list: a column may be added, never taken away. `mart_run` is not in it: publishing writes it.
"""

from __future__ import annotations

from typing import NamedTuple


class Mart(NamedTuple):
    """A published table.

    Attributes:
        key: Columns that tell its rows apart.
        columns: Columns that are always there.
        nullable_key: Those key columns that may be null, as the period start of `all` time.
    """

    key: tuple[str, ...]
    columns: tuple[str, ...]
    nullable_key: tuple[str, ...] = ()


def _mart(key: str, columns: str, nullable_key: str = "") -> Mart:
    return Mart(tuple(key.split()), tuple(columns.split()), tuple(nullable_key.split()))


MARTS: dict[str, Mart] = {
    "dim_person": _mart("person_id", "person_id account_id first_seen_at is_free_mail may_email"),
    "dim_account": _mart("account_id", "account_id account_name industry employee_band region is_target"),
    "dim_campaign": _mart("campaign_id", "campaign_id campaign_name"),
    "dim_content": _mart("content_id", "content_id content_name"),
    "dim_channel": _mart("channel_id", "channel_id channel_name"),
    "dim_owner": _mart("owner_id", "owner_id owner_name"),
    "dim_date": _mart("date_on", "date_on"),
    "fct_events": _mart(
        "event_id",
        "event_id occurred_at event_name source_system person_id account_id session_id channel campaign_id content_id "
        "value",
    ),
    "fct_sessions": _mart(
        "session_id",
        "session_id person_id started_at ended_at event_count landing_path channel campaign_id is_converted",
    ),
    "fct_email_messages": _mart(
        "message_id",
        "message_id person_id campaign_id sent_at delivered_at bounced_at first_opened_at open_count first_clicked_at "
        "click_count unsubscribed_at",
    ),
    "fct_calls": _mart("call_id", "call_id"),
    "fct_call_list_members": _mart("call_list_member_id", "call_list_member_id campaign_id person_id listed_at"),
    "fct_step_mail_enrolments": _mart("enrolment_id", "enrolment_id content_id person_id enrolled_at"),
    "fct_seminar_attendance": _mart("attendance_id", "attendance_id"),
    "fct_costs": _mart("cost_id", "cost_id amount is_acquisition"),
    "fct_lead_lifecycle": _mart(
        "lead_id",
        "lead_id person_id account_id channel campaign_id content_id owner_id created_at mql_at sal_at sql_at "
        "opportunity_at won_at lost_at current_stage amount currency definition_version conversion_point segment score "
        "hot_at dormant_at reactivated_at",
    ),
    "fct_lead_stage_events": _mart("lead_id stage entered_at", "lead_id stage entered_at left_at reason"),
    "fct_account_lifecycle": _mart(
        "account_id",
        "account_id created_at mql_at sal_at sql_at opportunity_at won_at lost_at current_stage persons journeys "
        "won_opportunities open_amount won_amount currency is_target",
    ),
    "fct_lead_scores": _mart("lead_id", "lead_id fit_score behaviour_score score scored_at"),
    "fct_lead_score_lines": _mart("lead_id rule_id", "lead_id rule_id kind times points label_en label_ja"),
    "fct_hot_leads": _mart("lead_id rule_id", "lead_id rule_id kind hot_at"),
    "mart_hot_lead_rules": _mart(
        "group_type group_id",
        "group_type group_id kind journeys journeys_hot_by_both journeys_with_meeting meeting_rate",
    ),
    "fct_opportunities": _mart(
        "opportunity_id",
        "opportunity_id lead_id account_id stage amount currency created_at closed_at is_won",
    ),
    "fct_opportunity_stage_events": _mart(
        "opportunity_id stage entered_at",
        "opportunity_id stage entered_at",
        nullable_key="entered_at",
    ),
    "mart_funnel": _mart(
        "period_grain period_start view dimension dimension_value step",
        "period_grain period_start view dimension dimension_value step step_order entered passed pass_rate "
        "pass_rate_low pass_rate_high p10_minutes p25_minutes median_minutes p75_minutes p90_minutes won_amount cost "
        "cost_per_entry",
        nullable_key="period_start",
    ),
    "mart_funnel_bottleneck": _mart(
        "period_grain period_start view dimension dimension_value step",
        "period_grain period_start view dimension dimension_value step step_order entered passed pass_rate is_mature "
        "reference_kind reference_kpi_id reference_rate reference_low reference_high later_rate orders_per_point "
        "effect_orders effect_amount is_conclusive is_bottleneck",
        nullable_key="period_start",
    ),
    "mart_web_funnel": _mart(
        "period_grain period_start population dimension dimension_value step",
        "period_grain period_start population dimension dimension_value step step_order entered passed dropped "
        "pass_rate pass_rate_low pass_rate_high drop_off_rate",
        nullable_key="period_start",
    ),
    "mart_web_exits": _mart(
        "period_grain period_start page_path",
        "period_grain period_start page_path sessions entries bounces exits unconverted_exits exit_rate drop_off_rate "
        "drop_off_rate_low drop_off_rate_high",
        nullable_key="period_start",
    ),
    "mart_kpi_values": _mart(
        "kpi_id period_grain period_start dimension dimension_value",
        "kpi_id period_grain period_start dimension dimension_value numerator denominator value target benchmark_low "
        "benchmark_high status",
    ),
    "mart_targets": _mart(
        "target_id",
        "target_id kpi_id period_grain period_start period_end dimension dimension_value target threshold owner "
        "kgi_kpi_id judged is_accepted rejected_rules rejected_reasons_en rejected_reasons_ja warning_en warning_ja "
        "actual attainment status",
    ),
    "dim_kpi": _mart(
        "kpi_id",
        "kpi_id parent_kpi_id kpi_order kpi_name kpi_name_ja formula numerator denominator anchor aggregation "
        "is_additive dimensions unit direction csf csf_name csf_name_ja owner benchmark_low benchmark_high",
    ),
    "dim_kpi_sub_indicator": _mart("kpi_id sub_kpi_id", "kpi_id sub_kpi_id indicator_order"),
    "dim_kpi_phase": _mart("phase kpi_id", "phase phase_order kpi_id reason reason_ja"),
    "fct_response_times": _mart(
        "lead_id leg",
        "lead_id leg owner_id channel segment conversion_point started_at ended_at response_state calendar_minutes "
        "business_minutes is_within_10_minutes is_within_2_hours is_within_24_hours is_breach minutes_over",
    ),
    "mart_response_times": _mart(
        "leg period_grain period_start dimension dimension_value",
        "leg period_grain period_start dimension dimension_value started answered rejected waiting "
        "median_calendar_minutes median_business_minutes share_within_10_minutes share_within_2_hours "
        "share_within_24_hours breaches breach_rate",
        nullable_key="period_start",
    ),
    "mart_response_breaches": _mart(
        "lead_id leg",
        "lead_id leg owner_id started_at ended_at response_state minutes_over main_reason main_reason_en "
        "main_reason_ja reasons",
    ),
    "mart_reverse_plan": _mart(
        "target_id basis kpi_id",
        "target_id basis period_grain period_start period_end step_order kpi_id from_kpi_id is_on_path rate rate_low "
        "rate_high required required_low required_high actual_so_far still_needed",
    ),
    "mart_forecast": _mart(
        "kpi_id dimension dimension_value period_grain period_start method",
        "kpi_id period_grain period_start period_end dimension dimension_value method is_chosen elapsed_days "
        "remaining_days value_so_far forecast forecast_low forecast_high target_id target forecast_attainment "
        "miss_probability",
    ),
    "mart_forecast_backtest": _mart(
        "kpi_id dimension dimension_value period_grain method fraction",
        "kpi_id dimension dimension_value period_grain method fraction replayed_periods "
        "mean_absolute_percentage_error weighted_absolute_percentage_error bias interval_coverage is_chosen",
    ),
    "mart_gap_decomposition": _mart(
        "basis period_grain period_start dimension dimension_value goal_kpi_id kpi_id",
        "basis period_grain period_start baseline_start dimension dimension_value goal_kpi_id step_order kpi_id "
        "step_en step_ja is_measured actual_rate baseline_rate effect actual_goal baseline_goal gap",
    ),
    "mart_alerts": _mart(
        "alert_id",
        "alert_id kind severity target_id kpi_id period_grain period_start dimension dimension_value owner target "
        "value forecast miss_probability gap days_left message_en message_ja",
    ),
    "mart_kpi_set_review": _mart("is_due", "last_reviewed_on reviewer review_due_on is_due"),
    "mart_handoff_errors": _mart(
        "error_id",
        "error_id error_kind label_en label_ja from_team to_team responsible_team lead_id opportunity_id owner_id "
        "detail error_state since_at ended_at age_hours age_business_hours",
    ),
    "mart_identity_summary": _mart(
        "measure dimension dimension_value",
        "measure dimension dimension_value value unit",
    ),
    "dim_micro_conversion": _mart(
        "mcv_id",
        "mcv_id mcv_name mcv_name_ja business_type final_conversion population window_days role owner valid_from "
        "valid_to last_reviewed_on is_active is_review_due active_count is_more_than_recommended",
    ),
    "fct_micro_conversions": _mart(
        "micro_conversion_id",
        "micro_conversion_id mcv_id subject_id person_id visitor_id session_id channel campaign_id content_id "
        "is_before_conversion reach_number reached_on reached_at converted_at",
    ),
    "mart_micro_conversions": _mart(
        "mcv_id period_grain period_start dimension dimension_value",
        "mcv_id period_grain period_start dimension dimension_value volume final_conversions ratio ratio_status "
        "population waiting reached converted reached_converted reached_rate not_reached_rate lift phi phi_low "
        "phi_high p_value verdict verdict_rule verdict_reason verdict_reason_ja is_review_due",
        nullable_key="period_start",
    ),
    "mart_email_performance": _mart(
        "period_grain period_start dimension dimension_value",
        "period_grain period_start dimension dimension_value mails delivered opened clicked unsubscribed converted "
        "open_rate open_rate_low open_rate_high click_rate unsubscribe_rate conversion_rate",
        nullable_key="period_start",
    ),
    "mart_diagnosis": _mart(
        "kpi_id period_grain period_start cause_id",
        "kpi_id period_grain period_start cause_id cause_rank kpi_value missed_reference reference_value shortfall "
        "cause cause_ja action action_ja dimension worst_value worst_rate compared_value gain gain_low gain_high "
        "is_conclusive best_value best_rate evidence_query",
    ),
    "mart_diagnosis_evidence": _mart(
        "kpi_id period_grain period_start dimension dimension_value",
        "kpi_id period_grain period_start dimension dimension_value compared_with trials value value_low value_high "
        "compared_value gain gain_low gain_high p_value adjusted_p_value is_conclusive",
    ),
    "mart_guard_rails": _mart(
        "subject_kind subject_id period_grain period_start guard_id",
        "subject_kind subject_id kpi_id period_grain period_start guard_id guard_name guard_name_ja value_before "
        "value_after change tolerance verdict is_breached",
        nullable_key="period_grain",
    ),
    "mart_quality_flags": _mart(
        "period_grain period_start dimension dimension_value",
        "period_grain period_start dimension dimension_value is_flagged is_settled reference_rate mql sql_reached "
        "sql_rate sql_shortfall share_of_shortfall shortfall_rank is_conclusive",
    ),
    "mart_initiative_effects": _mart(
        "initiative_id",
        "initiative_id initiative_name initiative_name_ja kind kpi_id started_on ended_on days method treated_before "
        "treated_after control_before control_after effect effect_low effect_high p_value smallest_effect "
        "detectable_effect verdict",
    ),
    "mart_content_report": _mart(
        "content_id period_grain period_start",
        "content_id content_name content_type conversion_point period_grain period_start views actions people "
        "people_with_micro_conversion micro_conversion_rate people_with_conversion conversion_rate people_with_meeting "
        "meeting_rate exits exit_rate downloads downloads_with_meeting download_meeting_rate leads leads_with_meeting "
        "lead_meeting_rate leads_with_sql leads_won won_amount",
        nullable_key="period_start",
    ),
    "mart_content_next_steps": _mart(
        "content_id period_grain period_start stage",
        "content_id content_name content_type conversion_point period_grain period_start stage stage_order met waiting "
        "moved_on next_step_rate",
        nullable_key="period_start",
    ),
}
