"""What the seed kpi_catalogue says of its KPIs."""

from collections import Counter

from leadmill.semantic_layer import read_catalogue


def test_benchmark_is_that_of_one_kpi() -> None:
    """A band is stated of one rate: held against another (the whole site, not a landing page), it judges wrongly."""
    wordings = Counter(kpi["benchmark_wording"] for kpi in read_catalogue() if kpi["benchmark_wording"])

    assert {wording for wording, times in wordings.items() if times > 1} == set()


def test_what_a_survey_answers_matures() -> None:
    """Answers come after the seminar whose day they count on, so a past month still grows."""
    survey = {"seminar_survey_answers", "promising_answers"}

    told = {kpi["kpi_id"]: kpi["matures"] for kpi in read_catalogue() if kpi["numerator_measure"] in survey}

    assert set(told.values()) == {"true"}
