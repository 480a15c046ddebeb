"""docs/acceptance.md and the marks that point at it must be whole for `make acceptance` to mean anything."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

from tests.acceptance import Line, accept_calls, arguments, read_marks, read_register

ROOT = Path(__file__).resolve().parents[2]
LAST = {"G": 66, "U": 31, "F": 69, "C": 111, "M": 25, "P": 33, "B": 29, "I": 26, "T": 17, "W": 9}


def test_every_area_has_all_its_lines_once_and_in_order() -> None:
    areas, lines = read_register()
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for line in lines:
        numbers[line.area].append(int(line.id.partition("-")[2]))
    assert list(areas) == list(LAST)
    assert numbers == {area: list(range(1, last + 1)) for area, last in LAST.items()}


def test_no_two_lines_say_the_same() -> None:
    _, lines = read_register()
    texts = [line.text.casefold() for line in lines]
    assert sorted(texts) == sorted(set(texts))


def test_a_row_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    page = tmp_path / "acceptance.md"
    page.write_text(
        "| Id | Mark | What |\n|---|---|---|\n| G-01 | S | shown |\n| G-02 | X | typed wrongly |\n"
    )
    with pytest.raises(ValueError, match=r"acceptance\.md:4: .*typed wrongly"):
        read_register(page)


def test_a_register_row_gives_id_area_mark_and_sentence(tmp_path: Path) -> None:
    page = tmp_path / "acceptance.md"
    page.write_text(
        "## C: customer page\n\n| Id | Mark | What |\n|---|---|---|\n| C-100 | D | CSV in UTC |\n"
    )
    assert read_register(page) == ({"C": "customer page"}, [Line("C-100", "D", "CSV in UTC")])


def test_every_mark_in_the_tests_points_at_a_line() -> None:
    _, lines = read_register()
    known = {line.id for line in lines}
    strangers = [f"{mark.test}: {mark.line}" for mark in read_marks(ROOT) if mark.line not in known]
    assert not strangers, "no such line in docs/acceptance.md"


def test_every_part_says_in_words_what_is_shown() -> None:
    silent = [mark.test for mark in read_marks(ROOT) if mark.part is not None and len(mark.part.split()) < 2]
    assert not silent, 'say what is shown and what is missing: part="stored; invoice missing"'


def test_every_mark_decorates_a_test() -> None:
    """A mark elsewhere (`pytestmark`, a fixture) would not be seen by `make acceptance`."""
    counted = defaultdict(int)
    for mark in read_marks(ROOT):
        counted[mark.test.partition("::")[0]] += 1
    for path in sorted((ROOT / "tests").rglob("*.py")):
        calls = accept_calls([ast.parse(path.read_text())])
        assert counted[path.relative_to(ROOT).as_posix()] >= sum(len(arguments(call)) for call in calls), path


def test_marks_are_found_on_functions_classes_and_parameters(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_grid.py").write_text(
        "import pytest\n"
        "@pytest.mark.accept('G-01')\n"
        "def test_one(): ...\n"
        "@pytest.mark.accept('G-02', part='shown; not stored')\n"
        "class TestMany:\n"
        "    @pytest.mark.parametrize('n', [1, pytest.param(2, marks=pytest.mark.accept('G-03'))])\n"
        "    async def test_two(self, n): ...\n"
        "    def helper(self): ...\n"
    )
    assert [(mark.line, mark.test, mark.part) for mark in read_marks(tmp_path)] == [
        ("G-01", "tests/test_grid.py::test_one", None),
        ("G-02", "tests/test_grid.py::TestMany::test_two", "shown; not stored"),
        ("G-03", "tests/test_grid.py::TestMany::test_two", None),
    ]


@pytest.mark.parametrize("mark", ["accept()", "accept('G-01', why='typed wrongly')"])
def test_a_mark_without_id_or_with_another_word_is_refused(mark: str, tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_grid.py").write_text(
        f"import pytest\n@pytest.mark.{mark}\ndef test_one(): ...\n"
    )
    with pytest.raises(ValueError, match="write accept"):
        read_marks(tmp_path)
