"""Which lines of docs/acceptance.md are proven, by which tests, at which commit.

As a pytest plugin (`-p tests.acceptance`) it declares the marker and writes down how each marked test ended:

    @pytest.mark.accept("G-38")                                  proves the whole line
    @pytest.mark.accept("F-52", part="stored; invoice missing")  proves a part; the line stays open

As a command it says where every line stands and counts them per area:

    python -m tests.acceptance [G] [W-02 ...] [--strict]

The record is `acceptance.json` in CONNEX_HOME (default: var). A run replaces what is known of the tests it
ran and leaves the others alone; a run of everything also forgets tests that are gone. Which tests belong to a
line is read from the source, so a marked test that never ran keeps its line from counting as proven.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import fcntl
import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

REGISTER = Path(__file__).resolve().parents[1] / "docs" / "acceptance.md"
STATES = ("proven", "part", "failed", "stale", "open")
SEVERITY = ("passed", "skipped", "error", "failed")  # a test ends as the worst of its phases
NARROWING = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "stepwise")


# --- The register: what has to be shown


@dataclass(frozen=True)
class Line:
    """One row of the register. mark: S (must) or D (goes beyond)."""

    id: str
    mark: str
    text: str

    @property
    def area(self) -> str:
        return self.id.partition("-")[0]


def read_register(path: Path = REGISTER) -> tuple[dict[str, str], list[Line]]:
    """Title of each area, and all lines in the order of the page.

    Raises ValueError naming a table row that is no line of the register.
    """
    areas: dict[str, str] = {}
    lines: list[Line] = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if heading := re.fullmatch(r"## ([A-Z]): (.+)", text):
            areas[heading[1]] = heading[2]
        elif text.startswith("|") and not re.match(r"\| Id \||\|[-|]+$", text):
            row = re.fullmatch(r"\| ([A-Z]-\d{2,3}) \| ([SD]) \| ([^|]+) \|", text)
            if row is None:
                raise ValueError(f"{path.name}:{number}: not '| G-01 | S | sentence |': {text}")
            lines.append(Line(*row.groups()))
    return areas, lines


# --- The marks: which tests are to show it


@dataclass(frozen=True)
class Mark:
    """`accept` on one test. test: node id without parameters; part: what is shown, None for all of it."""

    line: str
    test: str
    part: str | None


def read_marks(root: Path) -> list[Mark]:
    """Every `accept` mark on a test function, or on its class, below root/tests."""
    marks: list[Mark] = []
    for path in sorted((root / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        marks += _marks_in(tree.body, path.relative_to(root).as_posix(), [])
    return marks


def _marks_in(body: list[ast.stmt], prefix: str, inherited: list[ast.Call]) -> Iterator[Mark]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            own = inherited + accept_calls(node.decorator_list)
            yield from _marks_in(node.body, f"{prefix}::{node.name}", own)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            for call in inherited + accept_calls(node.decorator_list):
                for line, part in arguments(call):
                    yield Mark(line, f"{prefix}::{node.name}", part)


def accept_calls(nodes: Iterable[ast.AST]) -> list[ast.Call]:
    """Calls of `pytest.mark.accept` anywhere in these nodes, parameters' marks included."""
    return [
        call
        for node in nodes
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("mark.accept")
    ]


def arguments(call: ast.Call) -> list[tuple[str, str | None]]:
    """Ids and part of an `accept` call. Raises ValueError where they are not plain strings."""
    ids = [ast.literal_eval(argument) for argument in call.args]
    part = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    if not ids or part.keys() - {"part"}:
        raise ValueError(f'line {call.lineno}: write accept("G-38") or accept("G-38", part="what is shown")')
    return [(line, part.get("part")) for line in ids]


# --- The record: how the tests ended


@dataclass(frozen=True)
class Checkout:
    """What was tested. commit is empty outside git; dirty: files differ from the commit."""

    commit: str
    dirty: bool

    @classmethod
    def at(cls, root: Path) -> Checkout:
        try:
            commit, changes = (
                subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True).stdout
                for words in (["rev-parse", "HEAD"], ["status", "--porcelain"])
            )
        except (OSError, subprocess.CalledProcessError):
            return cls("", dirty=True)
        return cls(commit.strip(), dirty=bool(changes))


@dataclass(frozen=True)
class Result:
    """How one test with one set of parameters ended. outcome: one of SEVERITY; accepts: ids of its marks."""

    outcome: str
    accepts: list[str]
    commit: str
    dirty: bool


Record = dict[str, Result]


def record_file(root: Path, home: str | None = None) -> Path:
    """home: CONNEX_HOME, absolute, from root or from `~`; default as in the environment."""
    return root / Path(home or os.environ.get("CONNEX_HOME") or "var").expanduser() / "acceptance.json"


def read_record(path: Path) -> Record:
    """Results by node id; nothing yet if there is no file, or none that can be read."""
    try:
        return {test: Result(**result) for test, result in json.loads(path.read_text("utf-8")).items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as error:
        print(f"{path} is no record of tests ({error}): starting a new one", file=sys.stderr)
        return {}


@contextlib.contextmanager
def changing_record(path: Path) -> Iterator[Record]:
    """The record, to be changed in place: one run at a time, and never half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        record = read_record(path)
        yield record
        new = path.with_suffix(".new")
        new.write_text(
            json.dumps({test: asdict(result) for test, result in sorted(record.items())}, indent=1), "utf-8"
        )
        new.replace(path)


# --- The plugin


def pytest_addoption(parser: pytest.Parser) -> None:
    # Read here, the earliest hook: tests.servers gives the tests a CONNEX_HOME of their own soon after.
    parser.addoption(
        "--acceptance-home",
        default=os.environ.get("CONNEX_HOME") or "var",
        metavar="FOLDER",
        help="folder of acceptance.json (default: CONNEX_HOME, else var)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "accept(id, part=None): proves that line of docs/acceptance.md, or the part of it that is named",
    )
    if not hasattr(config, "workerinput"):  # under xdist the controller hears of all tests
        config.pluginmanager.register(Recorder(config), "acceptance-recorder")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the reports of marked tests carry the ids: reports also cross from worker to controller."""
    for item in items:
        if ids := sorted({line for mark in item.iter_markers("accept") for line in mark.args}):
            item.user_properties.append(("accept", ids))


class Recorder:
    """Hears of every phase of every test and writes the outcome of the marked ones when the run ends."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.file = record_file(config.rootpath, config.getoption("acceptance_home"))
        self.started_at = Checkout.at(config.rootpath)
        self.collected: set[str] = set()
        self.broken: list[str] = []  # files and folders that could not be collected
        self.accepts: dict[str, list[str]] = {}  # of each test whose set-up was reported
        self.outcomes: defaultdict[str, set[str]] = defaultdict(set)
        self.ended: set[str] = set()
        self.written = 0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.collected.update(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self.collected.update(ids)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.append(report.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "setup":
            self.accepts[report.nodeid] = dict(report.user_properties).get("accept", [])
        outcome = str(report.outcome)
        if hasattr(report, "wasxfail"):
            outcome = "skipped"  # expected to fail: proves nothing either way
        elif report.failed and report.when in ("setup", "teardown"):
            outcome = "error"
        self.outcomes[report.nodeid].add(outcome)
        if report.failed or report.when == "teardown":  # a worker that crashed reports no teardown
            self.ended.add(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        if self.config.getoption("collectonly", False):
            return
        now = Checkout.at(self.config.rootpath)
        dirty = self.started_at.dirty or now != self.started_at  # files changed while the tests ran
        before = read_record(self.file)
        if not any(self.accepts.values()) and not before:
            return  # nothing to write down, so leave no file behind
        with changing_record(self.file) as record:
            self._update(record, dirty)
            self._forget(record)

    def _update(self, record: Record, dirty: bool) -> None:
        for test in self.ended:
            known = record.pop(test, None)
            # A test that brought its worker down in set-up had no chance to say what it is marked with.
            ids = self.accepts.get(test, known.accepts if known else [])
            if ids:
                worst = max(self.outcomes[test], key=SEVERITY.index)
                record[test] = Result(worst, ids, self.started_at.commit, dirty)
                self.written += 1
        for test, known in record.items():
            if any(test.startswith((f"{place}::", f"{place}/")) for place in self.broken):
                record[test] = Result("error", known.accepts, self.started_at.commit, dirty)

    def _forget(self, record: Record) -> None:
        """After a run of everything, drop the tests that no longer exist."""
        if self._ran_everything():
            for test in record.keys() - self.collected:
                del record[test]

    def _ran_everything(self) -> bool:
        root = self.config.rootpath
        here = self.config.invocation_params.dir
        everything = {(root / path).resolve() for path in self.config.getini("testpaths")} or {root}
        asked = {(here / argument).resolve() for argument in self.config.args}
        narrowed = any(self.config.getoption(option, None) for option in NARROWING)
        return everything <= asked and not narrowed and not self.broken

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.written:
            terminalreporter.write_line(f"acceptance: marked tests noted: {self.written}, in {self.file}")


# --- The report: where each line stands


@dataclass(frozen=True)
class Standing:
    """A line's state (one of STATES) and, in words, which tests or reasons make it so."""

    line: Line
    state: str
    why: str


def standings(lines: list[Line], marks: list[Mark], record: Record, commit: str) -> list[Standing]:
    """Where each line stands at a commit, by its marked tests and by how those last ended."""
    marks_of: defaultdict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        marks_of[mark.line].append(mark)
    results: defaultdict[tuple[str, str], list[Result]] = defaultdict(list)
    for test, result in record.items():
        for line in result.accepts:
            results[line, test.partition("[")[0]].append(result)
    return [_standing(line, marks_of[line.id], results, commit) for line in lines]


def _standing(
    line: Line, marks: list[Mark], results: dict[tuple[str, str], list[Result]], commit: str
) -> Standing:
    known = {mark.test: results.get((line.id, mark.test), []) for mark in marks}
    tests = sorted(known)
    every = [result for runs in known.values() for result in runs]

    def ended(*outcomes: str) -> list[str]:
        return [test for test in tests if any(run.outcome in outcomes for run in known[test])]

    if not marks:
        return Standing(line, "open", "")
    if failed := ended("failed", "error"):
        return Standing(line, "failed", ", ".join(failed))
    if unseen := [test for test in tests if not known[test]]:
        return Standing(line, "open", "not run: " + ", ".join(unseen))
    if skipped := ended("skipped"):
        return Standing(line, "open", "skipped: " + ", ".join(skipped))
    if elsewhere := sorted({run.commit[:9] or "no commit" for run in every if run.commit != commit}):
        return Standing(line, "stale", f"at {', '.join(elsewhere)}: {', '.join(tests)}")
    if all(mark.part is not None for mark in marks):
        parts = (f"{mark.part} ({mark.test})" for mark in sorted(marks, key=lambda mark: mark.test))
        return Standing(line, "part", "; ".join(parts))
    changed = "(with uncommitted changes) " if any(run.dirty for run in every) else ""
    return Standing(line, "proven", changed + ", ".join(tests))


def totals(areas: dict[str, str], found: list[Standing]) -> Iterator[str]:
    """One row per area, then one for all: how many lines are in which state, and the musts proven."""
    yield f"{'':34}" + "".join(f"{state:>8}" for state in STATES) + f"{'of':>6}   musts proven"
    for area, title in [*areas.items(), ("", "all")]:
        of_area = [standing for standing in found if not area or standing.line.area == area]
        if not of_area:
            continue
        states = Counter(standing.state for standing in of_area)
        musts = [standing.state for standing in of_area if standing.line.mark == "S"]
        yield (
            f"{area:3}{title:31}"
            + "".join(f"{states[state]:>8}" for state in STATES)
            + f"{len(of_area):>6}   {musts.count('proven')} of {len(musts)}"
        )


def main(words: list[str] | None = None) -> int:
    """Print every line asked for. Returns 0, or with --strict 1 unless all of them are proven."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance", description=__doc__.splitlines()[0])
    parser.add_argument("which", nargs="*", metavar="ID", help="areas (G) or lines (G-38); default: all")
    parser.add_argument("--strict", action="store_true", help="exit 1 unless every line shown is proven")
    asked = parser.parse_args(words)
    root = Path.cwd()
    areas, lines = read_register()
    unknown = set(asked.which) - areas.keys() - {line.id for line in lines}
    if unknown:
        parser.error(f"no such line or area: {', '.join(sorted(unknown))}. See docs/acceptance.md")
    wanted = [line for line in lines if not asked.which or {line.id, line.area} & set(asked.which)]
    checkout = Checkout.at(root)
    found = standings(wanted, read_marks(root), read_record(record_file(root)), checkout.commit)
    for standing in found:
        print(f"{standing.line.id:6}{standing.state:7} {standing.why}".rstrip())
    changes = ", with uncommitted changes" if checkout.dirty else ""
    print(f"\nAt commit {checkout.commit[:9] or 'unknown'}{changes}:", *totals(areas, found), sep="\n")
    return int(asked.strict and any(standing.state != "proven" for standing in found))


if __name__ == "__main__":
    sys.exit(main())
