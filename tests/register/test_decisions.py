"""docs/decisions: no number twice, each in the list, each with the parts that make it worth reading."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))


def test_no_number_is_given_twice_and_all_are_in_the_list() -> None:
    assert len({path.name[:4] for path in RECORDS}) == len(RECORDS)
    listed = re.findall(r"^\| \[(\d{4})\]\((\S+)\) \|", (FOLDER / "README.md").read_text(), re.MULTILINE)
    assert listed == [(path.name[:4], path.name) for path in RECORDS]


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_has_status_context_decision_and_consequences(path: Path) -> None:
    title, _, status, *rest = path.read_text().splitlines()
    assert title.startswith(f"# {path.name[:4]} ")
    assert re.fullmatch(r"Status: (accepted|replaced by \d{4}) · \d{4}-\d{2}-\d{2}", status)
    assert [line for line in rest if line.startswith("## ")] == [
        "## Context",
        "## Decision",
        "## Consequences",
    ]
