"""The Splink model that compares two persons who share no key: what is compared, how it is trained, how it scores.

Importing this module imports Splink (the optional extra `probabilistic`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import splink.comparison_level_library as levels
import splink.comparison_library as comparisons
from duckdb import DuckDBPyConnection
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

# Splink tells of every level that it could not train (a field that nobody filled): nothing that a reader could act on.
logging.getLogger("splink").setLevel(logging.ERROR)

# Pairs that are looked at in training, and the seed that draws them.
_TRAINING_PAIRS = 2_000_000
_SEED = 1
_ALIKE = 0.88  # Jaro-Winkler similarity of two spellings of one name
# Colleagues share the company's address: where the company is the same, that says nothing more.
_SAME_COMPANY = '"company_key_l" = "company_key_r"'


def _nearest(aggregate: str, side: str, other: str) -> str:
    """SQL: of each name token of one side the likeness of the most similar one of the other side; their min or max."""
    best = f'list_max(list_transform("name_words_{other}", lambda there: jaro_winkler_similarity(here, there)))'
    return f'list_{aggregate}(list_transform("name_words_{side}", lambda here: {best}))'


def _name() -> comparisons.CustomComparison:
    """Compare names word by word, so that neither their order nor a middle name counts."""
    shorter = (
        f'case when len("name_words_l") <= len("name_words_r") then {_nearest("min", "l", "r")} '
        f"else {_nearest('min', 'r', 'l')} end"
    )
    return comparisons.CustomComparison(
        output_column_name="name_key",
        comparison_levels=[
            # 佐藤 and Sato can't be compared letter by letter: that says neither yes nor no.
            _unknown("name_key", 'or "name_script_l" <> "name_script_r"'),
            levels.ExactMatchLevel("name_key", term_frequency_adjustments=True),
            levels.CustomLevel(f'least(len("name_words_l"), len("name_words_r")) > 1 and ({shorter}) >= {_ALIKE}'),
            levels.CustomLevel('list_has_any("name_words_l", "name_words_r")'),
            levels.CustomLevel(f"{_nearest('max', 'l', 'r')} >= {_ALIKE}"),
            levels.ElseLevel(),
        ],
    )


def _unknown(field: str, says_nothing: str = "") -> Any:  # noqa: ANN401
    return levels.CustomLevel(f'"{field}_l" is null or "{field}_r" is null {says_nothing}').configure(
        is_null_level=True
    )


def _spelling(field: str, *mistakes: int, says_nothing: str = "") -> comparisons.CustomComparison:
    """Compare a code in which `mistakes` typing errors at most may stand, save where `says_nothing` holds."""
    return comparisons.CustomComparison(
        output_column_name=field,
        comparison_levels=[
            _unknown(field, says_nothing),
            levels.ExactMatchLevel(field, term_frequency_adjustments=True),
            *(levels.DamerauLevenshteinLevel(field, count) for count in mistakes),
            levels.ElseLevel(),
        ],
    )


def _address() -> comparisons.CustomComparison:
    """Compare addresses by the words that they share, which may be written in any order and number."""
    shared = (
        'len(list_intersect("address_words_l", "address_words_r")) / '
        'least(len("address_words_l"), len("address_words_r"))'
    )
    return comparisons.CustomComparison(
        output_column_name="address",
        comparison_levels=[
            _unknown("address", f"or {_SAME_COMPANY}"),
            levels.ExactMatchLevel("address", term_frequency_adjustments=True),
            levels.CustomLevel(f"{shared} >= 0.6"),
            levels.CustomLevel(f"{shared} >= 0.3"),
            levels.JaroWinklerLevel("address", 0.8),
            levels.ElseLevel(),
        ],
    )


def _company() -> comparisons.CustomComparison:
    return comparisons.CustomComparison(
        output_column_name="company_key",
        comparison_levels=[
            levels.NullLevel("company_key"),
            levels.ExactMatchLevel("company_key", term_frequency_adjustments=True),
            levels.JaroWinklerLevel("company_key", 0.92),
            levels.ElseLevel(),
        ],
    )


_COMPARISONS: dict[str, Callable[[], Any]] = {
    "name_key": _name,
    "company_key": _company,
    "phone": lambda: _spelling("phone"),  # the next number is the next desk's: one digit makes another phone
    "address": _address,
    "postal_code": lambda: _spelling("postal_code", 1, says_nothing=f"or {_SAME_COMPANY}"),
    "birth_date": lambda: _spelling("birth_date", 1, 2),
}


def _settings(fields: list[str]) -> SettingsCreator:
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="row_key",
        comparisons=[_COMPARISONS[field]() for field in fields],
        blocking_rules_to_generate_predictions=[],
        retain_matching_columns=True,  # and with them how each field compared
    )


def train(connection: DuckDBPyConnection, fields: list[str], training_fields: list[str]) -> dict[str, Any]:
    """Learn without labels how often each field agrees among the same and among different persons.

    Among different persons it is counted on pairs of `persons`. Among the same it is learnt by expectation maximisation
    on `records`, of which keys already joined many: the few left apart in `persons` would teach little.

    Args:
        connection: holds the tables `persons` and `records` of `identity.comparable_persons`.
        fields: the fields to compare.
        training_fields: fields on whose equal values expectation maximisation looks at pairs, one after the other.

    Returns:
        Splink's settings with the learnt parameters.
    """
    strangers = Linker(DuckDBAPI(connection).register("persons"), _settings(fields), log_level=None)
    strangers.training.estimate_u_using_random_sampling(max_pairs=_TRAINING_PAIRS, seed=_SEED)
    # A database interface of its own: term frequencies are cached in it, and those of records are not those of persons.
    teacher = Linker(DuckDBAPI(connection).register("records"), strangers.misc.save_model_to_json(), log_level=None)
    # Sums of floats depend on their order, and that on threads: two runs over the same records must agree.
    connection.execute("set threads = 1")
    for field in training_fields:
        teacher.training.estimate_parameters_using_expectation_maximisation(block_on(field), max_pairs=_TRAINING_PAIRS)
    connection.execute("reset threads")
    return dict(teacher.misc.save_model_to_json())


class Scorer:
    """Scores pairs of the table `persons` by a trained model."""

    def __init__(self, connection: DuckDBPyConnection, model: dict[str, Any]) -> None:
        """Take a model that `train` gave, with its prior."""
        self._database = DuckDBAPI(connection)
        self._linker = Linker(self._database.register("persons"), model, log_level=None)

    def score(self, pairs: str, at_least: float | None = None) -> str:
        """Return the name of a table of the pairs with their probability.

        Args:
            pairs: table with join_key_l, join_key_r (row keys) and match_key.
            at_least: leave less probable pairs out.
        """
        self._linker.table_management.register_blocked_pairs_for_predict(self._database.register(pairs))
        return str(self._linker.inference.predict(threshold_match_probability=at_least).physical_name)
