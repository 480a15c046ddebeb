"""The language of the text box, as text: where its words are and which of them are conditions."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grids.language import MOST_WORDS, Word, searched, words


def condition(text: str) -> Word:
    (word,) = words(text)
    assert word.name, f"{text} is no condition"
    return word


def values(text: str) -> list[str]:
    return [part.text for part in condition(text).parts]


@pytest.mark.parametrize(
    ("text", "name", "sign", "parts"),
    [
        ("balance<0", "balance", "<", ["0"]),
        ("balance <= -12.5", "balance", "<=", ["-12.5"]),
        ("balance≥3", "balance", ">=", ["3"]),
        ("status:active,pending", "status", ":", ["active", "pending"]),
        ("status: active", "status", ":", ["active"]),
        ("created:>-7d", "created", ">", ["-7d"]),
        ("acd>2:30", "acd", ">", ["2:30"]),
        ('name:"nova tel"', "name", ":", ["nova tel"]),
        ('tag:"a, b",c', "tag", ":", ["a, b", "c"]),
        (r'name:"a \"b\""', "name", ":", ['a "b"']),
        ("last-call:never", "last-call", ":", ["never"]),
        ("name:", "name", ":", []),
    ],
)
def test_a_name_before_a_sign_begins_a_condition(text: str, name: str, sign: str, parts: list[str]):
    word = condition(text)
    assert (word.name, word.sign, word.negated) == (name, sign, False)
    assert [part.text for part in word.parts] == parts


@pytest.mark.parametrize("text", ["!country:US", "-country:US", "country!=US", "country≠US"])
def test_a_condition_can_be_turned_round(text: str):
    assert condition(text).negated
    assert values(text) == ["US"]


@pytest.mark.parametrize(
    "text",
    ["nova", "joe@example.net", "fe80::1", "2001:db8::1", "10.0.0.1", "-5", '"a:b"', "+4420", "a-b", '5"'],
)
def test_what_people_search_for_is_no_condition(text: str):
    (word,) = words(text)
    assert word.plain == text.removeprefix('"').removesuffix('"') or text == '5"'


def test_each_word_knows_its_place():
    text = '  nova balance<0  name:"x y" '
    assert [text[word.start : word.end] for word in words(text)] == ["nova", "balance<0", 'name:"x y"']
    (part,) = words(text)[2].parts
    assert text[part.start : part.end] == '"x y"'


def test_an_open_quotation_mark_reaches_to_the_end():
    assert words('nova "tel')[1].open
    assert words('name:"nova tel')[0].open


def test_or_is_a_word_of_its_own_only_in_capitals():
    assert [word.is_or for word in words("a:1 OR a:2")] == [False, True, False]
    assert words("this or that")[1].plain == "or"


def test_what_is_searched_for_has_no_quotation_marks():
    assert searched('nova "a:b" balance<0') == "nova a:b"


def test_nobody_types_a_thousand_words():
    assert len(words("a " * 1000)) == MOST_WORDS + 1


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text(alphabet=st.sampled_from('ab :<>=!-",\\.~*OR1≤\n\x00é') | st.characters(), max_size=80))
def test_every_text_is_read_and_its_words_stand_where_they_say(text: str):
    end = 0
    for word in words(text):
        assert end <= word.start < word.end <= len(text)
        assert text[word.start : word.end] == word.raw
        end = word.end
