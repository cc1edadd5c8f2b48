"""E-mail addresses and domains."""

import pyarrow as pa
import pytest
from hypothesis import example, given

from identity.normalisation.domain import host, registrable_domain
from identity.normalisation.email import address, addresses
from tests.identity.normalisation.examples import TEXTS, full_width, seed


@pytest.mark.parametrize(
    ("typed", "folded", "registrable"),
    [
        ("Taro.Sato@Acme.co.jp", "taro.sato@acme.co.jp", "acme.co.jp"),
        (" taro@acme.jp　", "taro@acme.jp", "acme.jp"),
        ("ｔａｒｏ＠ａｃｍｅ．ｊｐ", "taro@acme.jp", "acme.jp"),
        ("taro @ acme.jp", "taro@acme.jp", "acme.jp"),
        ("taro\u200b@acme.jp", "taro@acme.jp", "acme.jp"),
        ("佐藤 太郎 <Taro@acme.jp>", "taro@acme.jp", "acme.jp"),
        ('"Sato, Taro" <taro@acme.jp>', "taro@acme.jp", "acme.jp"),
        ("<taro@acme.jp>;", "taro@acme.jp", "acme.jp"),
        ("'taro@acme.jp'", "taro@acme.jp", "acme.jp"),
        ("mailto:taro@acme.jp?subject=Hello", "taro@acme.jp", "acme.jp"),
        ("taro@acme.jp.", "taro@acme.jp", "acme.jp"),
        # Carriers gave out addresses that the standard wants in quotes.
        ('"a..b."@docomo.ne.jp', "a..b.@docomo.ne.jp", "docomo.ne.jp"),
        # Tags, dots and slips of the pen stay: SQL and its seeds decide.
        ("a.b+news@gmail.com", "a.b+news@gmail.com", "gmail.com"),
        ("a@gmial.com", "a@gmial.com", "gmial.com"),
        ("a@east.acme.co.jp", "a@east.acme.co.jp", "acme.co.jp"),
        ("a@日本語.jp", "a@xn--wgv71a119e.jp", "xn--wgv71a119e.jp"),
        ("a@XN--WGV71A119E.jp", "a@xn--wgv71a119e.jp", "xn--wgv71a119e.jp"),
        ("a@日本語。jp", "a@xn--wgv71a119e.jp", "xn--wgv71a119e.jp"),
        ("a@192.0.2.1", "a@192.0.2.1", None),
        ("a@co.jp", "a@co.jp", None),
        ("a@", "a@", None),
        ("", "", None),
        # Web domains stand in the same fields.
        ("Acme.co.jp", "acme.co.jp", "acme.co.jp"),
        ("https://user@www.acme.co.jp:8080/@taro?q#f", "www.acme.co.jp", "acme.co.jp"),
    ],
)
def test_address(typed: str, folded: str, registrable: str | None) -> None:
    found = address(typed)
    assert (found.folded_address, found.registrable_domain) == (folded, registrable)


@pytest.mark.parametrize(
    ("typed", "name", "registrable"),
    [
        ("www.metro.tokyo.lg.jp", "www.metro.tokyo.lg.jp", "tokyo.lg.jp"),
        ("a.b.city.kawasaki.jp", "a.b.city.kawasaki.jp", "city.kawasaki.jp"),
        ("HTTP://Acme.jp/", "acme.jp", "acme.jp"),
        ("acme.jp/path", "acme.jp", "acme.jp"),
        ("acme.co.uk:443", "acme.co.uk", "acme.co.uk"),
        ("x.ocn.ne.jp", "x.ocn.ne.jp", "ocn.ne.jp"),
        ("localhost", "localhost", None),
        (" . ", None, None),
    ],
)
def test_domain(typed: str, name: str | None, registrable: str | None) -> None:
    assert (host(typed), registrable_domain(host(typed))) == (name, registrable)


@given(TEXTS)
@example("a@[x")
@example("@" + "ü" * 80)
@example("ẞ@日本..jp")
def test_any_text_has_one_form(text: str) -> None:
    once = address(text)
    assert address(once.folded_address) == once


@given(TEXTS.filter(str.isascii))
def test_width_does_not_count(text: str) -> None:
    assert address(full_width(text)) == address(text)


def test_array_is_the_function_of_each_text() -> None:
    texts = ["Ａ@B.jp", "acme.jp", ""]
    table = addresses(pa.array(texts))
    assert [tuple(row.values()) for row in table.to_pylist()] == [(text, *address(text)) for text in texts]
    assert addresses(pa.array([], pa.string())).schema == table.schema


def test_slips_lead_to_providers_and_are_none() -> None:
    providers = {row["domain"] for row in seed("free_mail_domains")}
    slips = {row["typo_domain"]: row["likely_domain"] for row in seed("typo_domains")}
    assert set(slips.values()) <= providers
    assert not set(slips) & providers
