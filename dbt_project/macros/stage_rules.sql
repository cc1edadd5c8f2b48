{#-
    The stages that the rules met amount to. A stage is reached when all rules of one alternative are met, at the time the
    last became true (rules without a time hold from the journey's beginning); of several such alternatives the first counts.
-#}
{%- macro stages_reached(rules_met) -%}
    select
        lead_id,
        definition_version,
        stage,
        coalesce(max(met_at), min(created_at)) as reached_at
    from {{ rules_met }}
    group by lead_id, definition_version, stage, alternative, rules_of_alternative
    having count(*) = rules_of_alternative
    qualify row_number() over (partition by lead_id, stage order by alternative) = 1
{%- endmacro -%}
