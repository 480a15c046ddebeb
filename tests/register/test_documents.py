"""Documents point at things that are there: links, and the tests that the threat model calls as proof."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(path for path in (ROOT / "docs").rglob("*.md")), *(ROOT / ".github").rglob("*.md")]
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def headings(path: Path) -> set[str]:
    """The anchors of a page, as they are made from its headings."""
    lines = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for target in LINK.findall(page.read_text()):
        name, _, anchor = target.partition("#")
        if "://" in target or name.startswith("mailto:"):
            continue
        there = (page.parent / name).resolve() if name else page
        if not there.exists() or (anchor and there.suffix == ".md" and anchor not in headings(there)):
            dead.append(target)
    assert dead == []


def test_every_page_is_in_the_index() -> None:
    docs = ROOT / "docs"
    listed = {
        (docs / target.partition("#")[0]).resolve()
        for target in LINK.findall((docs / "README.md").read_text())
    }
    pages = {path for path in docs.rglob("*.md") if path.parent.name != "decisions"} - {docs / "README.md"}
    assert sorted(str(page.relative_to(docs)) for page in pages - listed) == []


def test_every_proof_in_the_threat_model_is_a_test() -> None:
    missing, file = [], ""
    for proof in re.findall(
        r"`((?:tests/[\w/]+\.py)?::\w+)`", (ROOT / "docs" / "threat-model.md").read_text()
    ):
        path, _, name = proof.partition("::")
        file = path or file
        if not re.search(rf"^def {name}\(", (ROOT / file).read_text(), re.MULTILINE):
            missing.append(f"{file}::{name}")
    assert missing == []


def test_what_the_makefile_is_said_to_do_it_does() -> None:
    targets = set(
        re.findall(r"\w[\w-]*", (ROOT / "Makefile").read_text().split(".PHONY:")[1].splitlines()[0])
    )
    named = {verb for page in PAGES for verb in re.findall(r"`make ([a-z-]+)", page.read_text())}
    assert named - targets == set()
