"""What Marketo and Account Engagement deliver, beside Salesforce, from files to persons, events and mails."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from leadmill import transformation
from leadmill.settings import Home
from tests.ingestion.deliveries import Company, page

pytestmark = pytest.mark.xdist_group("dbt")

SOURCES = [
    {"name": name, "system": system, "path": name}
    for name, system in (("mkto", "marketo"), ("pardot", "account_engagement"), ("crm", "salesforce"))
]
CRM_LEAD, CRM_CAMPAIGN = "00Q5g00000AbCdEFGH", "7015g00000AbCdEFGH"
SENT, DELIVERED, CLICKED, OPENED, FILLED_IN, VISITED, SCORED = 6, 7, 11, 10, 2, 1, 22
MERGED, DELETED, CHANGED = 32, 37, 13


def lead(lead_id: str, email: str, **fields: Any) -> dict[str, Any]:
    """Return a lead as Marketo's API gives it."""
    times = {"createdAt": "2026-10-01T00:00:00Z", "updatedAt": "2026-10-01T00:00:00Z"}
    return {"id": lead_id, "email": email} | times | fields


def activity(
    number: int, kind: int, lead_id: int, at: str, about: int | None = None, **attributes: Any
) -> dict[str, Any]:
    """Return an activity as Marketo's API gives it; underscores in names of attributes stand for spaces."""
    named = [{"name": name.replace("_", " "), "value": value} for name, value in attributes.items()]
    return {
        "id": number,
        "marketoGUID": str(number),
        "leadId": lead_id,
        "activityDate": f"2026-10-{at}:00Z",
        "activityTypeId": kind,
        "primaryAttributeValueId": about,
        "attributes": named,
    }


def extracted(*records: dict[str, Any]) -> str:
    """Return records as Marketo's bulk extract writes them."""
    text = io.StringIO()
    writer = csv.DictWriter(text, dict.fromkeys(name for record in records for name in record), restval="null")
    writer.writeheader()
    writer.writerows(
        {
            name: "null" if value is None else json.dumps(value) if isinstance(value, dict) else value
            for name, value in record.items()
        }
        for record in records
    )
    return text.getvalue()


def asset(number: int, name: str, **fields: Any) -> dict[str, Any]:
    """Return an asset as Marketo's asset API gives it."""
    times = {"createdAt": "2026-09-01T09:00:00Z+0000", "updatedAt": "2026-09-01T09:00:00Z+0000"}
    return {"id": number, "name": name} | times | fields


def prospect(number: int, email: str, **fields: Any) -> dict[str, Any]:
    """Return a record of Account Engagement's API."""
    times = {"createdAt": "2026-10-01T09:00:00+09:00", "updatedAt": "2026-10-01T09:00:00+09:00"}
    return {"id": number, "email": email, "isDeleted": False} | times | fields


def visitor_activity(number: int, kind: int, prospect_id: int, at: str, **about: int) -> dict[str, Any]:
    """Return an activity as Account Engagement's API gives it; its times are Tokyo's."""
    moment = f"2026-10-{at}:00+09:00"
    return {"id": number, "type": kind, "prospectId": prospect_id, "createdAt": moment, "updatedAt": moment} | about


def crm_lead() -> dict[str, Any]:
    """Return the lead that both tools know by Salesforce's id; it has no address."""
    times = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), "2026-10-02T00:00:00.000+0000")
    return {"Id": CRM_LEAD, "IsDeleted": False, "LastName": "佐藤", "FirstName": "花子", "Status": "Open"} | times


MARKETO = {
    # The bulk extract of the first night; then what the API tells of changes.
    "mkto/2026-10-10/leads_bulk.csv": extracted(
        lead("1", "sato@acme.co.jp", lastName="佐藤", firstName="花子", sfdcLeadId=CRM_LEAD, numberOfEmployees=120),
        lead("2", "hanako@private.example", lastName="佐藤", numberOfEmployees=None, sfdcLeadId=None),
        lead("3", "suzuki@works.jp", lastName="鈴木", unsubscribed="true"),
        lead("4", "gone@works.jp", lastName="高橋"),
    ),
    "mkto/2026-10-10/activities_bulk.csv": extracted(
        activity(1, SENT, 2, "05T00:00", 50) | {"attributes": {}},
        activity(2, CLICKED, 2, "05T02:00", 50) | {"attributes": {"Link": "https://acme.jp/pricing"}},
    ),
    "mkto/2026-10-20/activities.jsonl": page(
        activity(3, MERGED, 1, "11T00:00", 1, Merge_IDs="[2]"),
        activity(4, OPENED, 1, "12T00:00", 50, Is_Bot_Activity="false"),
        activity(5, SENT, 3, "12T00:00", 50),
        activity(6, DELIVERED, 3, "12T00:00", 50),
        activity(7, VISITED, 3, "12T01:00", 70, Webpage_URL="/pricing.html", Query_Parameters="utm_campaign=Spring"),
        activity(8, FILLED_IN, 3, "12T02:00", 60, Referrer_URL="https://acme.jp/contact"),
        activity(9, SCORED, 3, "12T02:01", 80, New_Value="35"),
        activity(10, CHANGED, 3, "12T02:02", 81, New_Value="x"),
        key="result",
    ),
    "mkto/2026-10-20/deleted_leads.jsonl": page(activity(11, DELETED, 4, "13T00:00", 4), key="result"),
    "mkto/2026-10-20/emails.jsonl": page(
        asset(50, "Mail 50", subject={"type": "Text", "value": "ご案内"}, folder={"type": "Program", "value": 7}),
        key="result",
    ),
    "mkto/2026-10-20/forms.jsonl": page(asset(60, "Contact"), key="result"),
    "mkto/2026-10-20/programs.jsonl": page(asset(7, "Nurture A", type="Engagement", channel="Nurture"), key="result"),
    "mkto/2026-10-20/program_members.jsonl": page(
        {
            "programId": 7,
            "leadId": 3,
            "membershipDate": "2026-10-02T00:00:00Z",
            "updatedAt": "2026-10-15T00:00:00Z",
            "isExhausted": True,
        },
        key="result",
    ),
}
ACCOUNT_ENGAGEMENT = {
    "pardot/2026-10-20/prospects.jsonl": page(
        prospect(1, "h.sato@acme.co.jp", salesforceId=CRM_LEAD[:15], lastName="佐藤", campaignId=9),
        prospect(2, "tanaka@works.jp", optedOut=True),
        prospect(3, "old@works.jp", isDeleted=True),
        key="values",
    ),
    "pardot/2026-10-20/visitor_activities.jsonl": page(
        visitor_activity(1, 6, 1, "06T09:00", listEmailId=5, campaignId=9),
        visitor_activity(2, 11, 1, "06T10:00", listEmailId=5, campaignId=9),
        visitor_activity(3, 6, 2, "06T09:00", listEmailId=5, campaignId=9),
        visitor_activity(4, 13, 2, "06T09:01", listEmailId=5, campaignId=9),
        visitor_activity(5, 4, 1, "07T09:00", formId=8, landingPageId=3, campaignId=9),
        visitor_activity(6, 20, 1, "07T09:00"),
        visitor_activity(7, 4, 2, "08T09:00", landingPageId=4, campaignId=9),
        visitor_activity(8, 2, 2, "08T08:59", landingPageId=4, campaignId=9),
        key="values",
    ),
    "pardot/2026-10-20/list_emails.jsonl": page({"id": 5, "name": "News", "subject": "News 10"}, key="values"),
    "pardot/2026-10-20/campaigns.jsonl": page(
        {"id": 9, "name": "Website"}, {"id": 10, "name": "Spring", "salesforceId": CRM_CAMPAIGN[:15]}, key="values"
    ),
}
SALESFORCE = {
    "crm/2026-10-20/Lead.jsonl": page(crm_lead(), key="records"),
    "crm/2026-10-20/Campaign.jsonl": page(
        {"Id": CRM_CAMPAIGN, "Name": "Spring", "SystemModstamp": "2026-10-02T00:00:00.000+0000"}, key="records"
    ),
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A company whose deliveries are loaded, and the models that the tests look at built."""
    folder: Path = tmp_path_factory.mktemp("marketing_automation")
    made = Company(folder, Home(path=folder / "home"))
    made.deliver(MARKETO | ACCOUNT_ENGAGEMENT | SALESFORCE)
    made.run(made.sources(*SOURCES))
    assert made.query("select reason from ops.quarantine") == []
    with duckdb.connect(str(made.home.warehouse)) as connection:
        connection.execute("create table ops.id_key as select 'inner' as inner_key, 'outer' as outer_key")
    with transformation.project_environment(made.home):
        outcome = dbtRunner().invoke(
            [
                *("build", "--exclude-resource-type", "test", "unit_test", "--quiet"),
                *("--select", "+fct_email_messages", "+fct_step_mail_enrolments", "+int_canonical__leads"),
                *("--project-dir", str(transformation.PROJECT), "--profiles-dir", str(transformation.PROJECT)),
                *("--target-path", str(made.home.dbt_target), "--log-path", str(made.home.dbt_logs)),
                *("--vars", json.dumps({"as_of": "2026-10-31 15:00:00"})),
            ]
        )
    DuckDBConnectionManager.close_all_connections()
    assert outcome.success, [(found.node.name, found.message) for found in outcome.result if found.status == "error"]
    return made


def test_activities_of_the_seed_are_events_of_the_person_who_survives(company: Company) -> None:
    events = company.query(
        "select person_record_key, event_name, content_id, campaign_id, url, value"
        " from intermediate.int_canonical__events where source_system = 'mkto'"
        " order by person_record_key, occurred_at, event_name"
    )

    assert events == [
        ("mkto|lead|1", "email_sent", "mkto:email-50", "mkto:program-7", None, None),
        ("mkto|lead|1", "email_clicked", "mkto:email-50", "mkto:program-7", "https://acme.jp/pricing", None),
        ("mkto|lead|1", "email_opened", "mkto:email-50", "mkto:program-7", None, None),
        ("mkto|lead|3", "email_delivered", "mkto:email-50", "mkto:program-7", None, None),
        ("mkto|lead|3", "email_sent", "mkto:email-50", "mkto:program-7", None, None),
        ("mkto|lead|3", "page_view", "/pricing.html", "spring", "/pricing.html", None),
        ("mkto|lead|3", "form_submit", "mkto:form-60", None, "https://acme.jp/contact", None),
        ("mkto|lead|3", "score_changed", None, None, None, 35),
    ]


def test_a_form_on_a_landing_page_is_submitted_also_where_the_activity_names_the_page_alone(company: Company) -> None:
    submitted = company.query(
        "select person_record_key, content_id from intermediate.int_canonical__events"
        " where source_system = 'pardot' and event_name = 'form_submit' order by occurred_at"
    )

    assert submitted == [("pardot|prospect|1", "pardot:form-8"), ("pardot|prospect|2", "pardot:landing_page-4")]


def test_mails_of_both_tools(company: Company) -> None:
    mails = company.query(
        "select source_system, content_id, subject, delivered_at is not null, bounced_at is not null, open_count,"
        " click_count from marts.fct_email_messages order by source_system, sent_at, bounced_at nulls first"
    )

    assert mails == [
        # The mail went to the loser of a merge; the winner's opening counts.
        ("mkto", "mkto:email-50", "ご案内", False, False, 1, 1),
        ("mkto", "mkto:email-50", "ご案内", True, False, 0, 0),
        ("pardot", "pardot:list_email-5", "News 10", True, False, 1, 0),
        ("pardot", "pardot:list_email-5", "News 10", False, True, 0, 0),
    ]


def test_one_person_over_three_tools(company: Company) -> None:
    persons = company.query(
        "select list(record_key order by record_key) from"
        " (select *, source_system || '|' || record_type || '|' || record_id as record_key from identity.record_person)"
        " group by person_id order by 1"
    )

    assert persons == [
        ([f"crm|lead|{CRM_LEAD}", "mkto|lead|1", "mkto|lead|2", "pardot|prospect|1"],),
        (["mkto|lead|3"],),
        (["mkto|lead|4"],),
        (["pardot|prospect|2"],),
        (["pardot|prospect|3"],),
    ]


def test_deleted_people_are_no_leads(company: Company) -> None:
    leads = company.query(
        "select source_system, record_id, campaign_id, merged_away_at is not null"
        " from intermediate.int_canonical__leads where lead_kind = 'ma' order by all"
    )

    assert leads == [
        ("mkto", "1", None, False),
        ("mkto", "2", None, True),
        ("mkto", "3", None, False),
        ("pardot", "1", "pardot:campaign-9", False),
        ("pardot", "2", None, False),
    ]


def test_members_of_an_engagement_program_get_step_mails(company: Company) -> None:
    enrolments = company.query(
        "select content_id, person_id is not null, enrolled_at::varchar, completed_at::varchar"
        " from marts.fct_step_mail_enrolments"
    )

    assert enrolments == [("mkto:program-7", True, "2026-10-02 00:00:00", "2026-10-15 00:00:00")]


def test_a_connected_campaign_is_salesforces(company: Company) -> None:
    campaigns = company.query(
        "select record_id, campaign_id from intermediate.int_canonical__campaigns"
        " where source_system <> 'mkto' order by all"
    )

    assert campaigns == [
        (CRM_CAMPAIGN, f"crm:{CRM_CAMPAIGN}"),
        ("campaign-10", f"crm:{CRM_CAMPAIGN}"),
        ("campaign-9", "pardot:campaign-9"),
    ]
