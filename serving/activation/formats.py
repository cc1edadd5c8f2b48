"""The upload formats of the ad platforms: headers, and how each platform wants an address before it is hashed.

docs/activation.md names the page of each platform that documents its format.
"""

from __future__ import annotations

from typing import NamedTuple

# Every platform: no space around, lower case.
_EMAIL = "lower(trim(email))"
_HASHED_EMAIL = f"sha256({_EMAIL})"

# Google: dots and what follows a plus sign do not count in addresses of its own mail service.
_LOCAL_PART, _DOMAIN = (f"split_part({_EMAIL}, '@', {part})" for part in (1, 2))
_GOOGLE_EMAIL = f"""
    case
        when {_DOMAIN} in ('gmail.com', 'googlemail.com')
            then replace(split_part({_LOCAL_PART}, '+', 1), '.', '') || '@' || {_DOMAIN}
        else {_EMAIL}
    end
"""

# Google hashes E.164 as it is, Meta its digits alone.
_GOOGLE_PHONE = "sha256(phone)"
_META_PHONE = "sha256(regexp_replace(phone, '[^0-9]', '', 'g'))"


class Format(NamedTuple):
    """A file that a platform takes.

    Attributes:
        platform: The ad platform, as it stands in the file's name.
        columns: Header and SQL expression of each column, over a row of `int_activation__audience_members` or
            `int_activation__offline_conversions`.
    """

    platform: str
    columns: dict[str, str]


AUDIENCES = (
    Format("google_customer_match", {"Email": f"sha256({_GOOGLE_EMAIL})", "Phone": _GOOGLE_PHONE}),
    Format("meta_custom_audience", {"email": _HASHED_EMAIL, "phone": _META_PHONE}),
    Format(
        "linkedin_contact_list",
        {
            "email": _HASHED_EMAIL,
            # The template's headers must stay, filled or not.
            **dict.fromkeys(("firstname", "lastname", "jobtitle", "employeecompany", "country", "googleaid"), "null"),
        },
    ),
)

CONVERSIONS = (
    Format(
        "google_conversions",
        {
            "Google Click ID": "gclid",
            "Email": f"sha256({_GOOGLE_EMAIL})",
            "Phone Number": _GOOGLE_PHONE,
            "Conversion Name": "conversion_name",
            "Conversion Time": "strftime(converted_at, '%Y-%m-%dT%H:%M:%S+00:00')",
            "Conversion Value": "value",
            "Conversion Currency": "case when value is not null then currency end",
            "Order ID": "conversion_id",
        },
    ),
    Format(
        "meta_offline_events",
        {
            "email": _HASHED_EMAIL,
            "phone": _META_PHONE,
            "fbc": "'fb.1.' || epoch_ms(fbclid_clicked_at) || '.' || fbclid",
            "event_name": "event_name_meta",
            "event_time": "epoch_ms(converted_at) // 1000",
            "value": "value",
            "currency": "case when value is not null then currency end",
            "order_id": "conversion_id",
        },
    ),
    Format(
        "linkedin_offline_conversions",
        {
            "email": _HASHED_EMAIL,
            "timestamp": "epoch_ms(converted_at)",
            "eventtype": "event_type_linkedin",
            # LinkedIn takes neither an empty amount nor 0: 1 stands for one that is not tracked.
            "amount": "coalesce(nullif(value, 0), 1)",
            "currency": "currency",
        },
    ),
)
