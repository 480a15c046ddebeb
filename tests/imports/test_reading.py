"""Files as people send them: what is read, what is refused, and what is said."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import pytest

from imports.reading import Unreadable, guess_reading, records
from imports.reading.kinds import refuse_what_is_no_text
from imports.reading.texts import CELL_MAX_CHARS, COLUMNS_MAX

FILES = Path(__file__).parent / "files"
ROWS = [["Name", "Currency", "Notes"], ["Müller & Söhne", "EUR", "a, b"], ["Ørsted", "DKK", "x"]]
MOST = 200_000_000


def read(content: bytes) -> list[list[str]]:
    file = io.BytesIO(content)
    refuse_what_is_no_text(file, largest_bytes=MOST)
    return [record.cells for record in records(file, guess_reading(file))]


def read_file(name: str) -> list[list[str]]:
    return read((FILES / name).read_bytes())


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter"),
    [
        ("utf-8.csv", "utf-8", ","),
        ("bom.csv", "utf-8", ","),
        ("utf-16-le-bom.csv", "utf-16-le", ","),
        ("utf-16-be-bom.csv", "utf-16-be", ","),
        ("utf-16-le-without-bom.csv", "utf-16-le", ","),
        ("cp1252.csv", "cp1252", ","),
        ("mixed-encodings.csv", "utf-8", ","),
        ("semicolons.csv", "utf-8", ";"),
        ("tabs.tsv", "utf-8", "\t"),
        ("bars.txt", "utf-8", "|"),
        ("sep-line.csv", "utf-8", ";"),
        ("old-mac-line-ends.csv", "utf-8", ","),
        ("blank-lines.csv", "utf-8", ","),
    ],
)
def test_the_same_rows_are_read_however_a_file_is_written(name: str, encoding: str, delimiter: str) -> None:
    with (FILES / name).open("rb") as file:
        reading = guess_reading(file)
    assert (reading.encoding.value, reading.delimiter.value) == (encoding, delimiter)
    assert reading.encoding.reason
    assert reading.delimiter.reason
    assert read_file(name) == ROWS


def test_lines_of_another_encoding_are_listed_with_their_likely_meaning() -> None:
    with (FILES / "mixed-encodings.csv").open("rb") as file:
        stray = guess_reading(file).stray
    assert [(line.number, line.reading) for line in stray] == [(3, "Ørsted,DKK,x")]


def test_a_file_of_one_column_is_read() -> None:
    assert read(b"Name\nAda\nBert\n") == [["Name"], ["Ada"], ["Bert"]]


def test_decimal_commas_do_not_pass_for_delimiters() -> None:
    assert read(b"Name;Limit\nAda;1,5\nBert;2,75\n") == [["Name", "Limit"], ["Ada", "1,5"], ["Bert", "2,75"]]


@pytest.mark.accept("U-16", part="the file is read unchanged; what is stored is shown elsewhere")
def test_quotes_line_breaks_and_umlauts_arrive_unchanged_with_the_line_they_begin_on() -> None:
    with (FILES / "embedded-newlines.csv").open("rb") as file:
        found = list(records(file, guess_reading(file)))
    assert [(record.line, record.cells) for record in found] == [
        (1, ["Name", "Address"]),
        (2, ['The "Grand" Hotel, Zürich', "Bahnhofstr. 1\r\n8001 Zürich"]),
        (4, ["Next", "x"]),
    ]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("empty.csv", "is empty"),
        ("only-bom.csv", "is empty"),
        ("renamed-program.csv", "program for Windows"),
        ("html-saved-as.xls", "web page"),
        ("old-excel.xls", "old Excel"),
        ("archive.csv", "archive"),
        ("nul-byte.csv", "Line 2 has a zero byte at character 3"),
        ("unclosed-quote.csv", "begins on line 3 and never closed"),
    ],
)
@pytest.mark.accept("U-02", part="refused with a sentence; the page is shown elsewhere")
def test_what_cannot_be_read_is_refused_with_a_sentence(name: str, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        read_file(name)


def test_a_cell_beyond_the_limit_names_its_line() -> None:
    with pytest.raises(Unreadable, match="begins on line 2 has more than"):
        read(b"Name,Notes\nAda," + b"x" * (CELL_MAX_CHARS + 1) + b"\n")


def test_a_cell_of_many_lines_is_taken_for_a_quote_that_nobody_closed() -> None:
    with pytest.raises(Unreadable, match="begins on line 2 goes on to line"):
        read(b'Name,Notes\nAda,"' + b"more\n" * 300 + b'",\n')


def test_a_file_beyond_the_limit_says_both_sizes() -> None:
    with pytest.raises(Unreadable, match="has 3 MB; at most 2 MB"):
        refuse_what_is_no_text(io.BytesIO(b"a" * 2_500_000), largest_bytes=2_000_000)


def test_200_columns_are_taken_and_more_than_the_limit_are_not() -> None:
    assert len(read(b",".join(b"c%d" % n for n in range(200)))[0]) == 200
    with pytest.raises(Unreadable, match=f"at most {COLUMNS_MAX}"):
        read(b",".join(b"c%d" % n for n in range(COLUMNS_MAX + 1)))


def test_an_encoding_that_somebody_chose_wrongly_says_so() -> None:
    file = io.BytesIO("Name\nMüller\n".encode("cp1252"))
    guessed = guess_reading(file)
    wrong = type(guessed)(type(guessed.encoding)("utf-16-le", "chosen"), guessed.delimiter)
    with pytest.raises(Unreadable, match="Choose another encoding"):
        list(records(io.BytesIO(b"abc"), wrong))


def test_a_long_file_is_read_in_constant_memory() -> None:
    file = io.BytesIO(b"Name,Currency\n" + b"Customer,EUR\n" * 100_000)
    tracemalloc.start()
    count = sum(1 for _ in records(file, guess_reading(file)))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 100_001
    assert peak < 2_000_000
