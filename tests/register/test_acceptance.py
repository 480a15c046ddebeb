"""`make acceptance` as a developer meets it: real pytest runs in a small repository, then what is printed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]
ONE_PASSES = "import pytest\n@pytest.mark.accept('G-38')\ndef test_groups(): assert True\n"


class Repository:
    """A checkout with tests of its own; runs pytest and the report in it as separate processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "-q")
        self.write("pyproject.toml", "[tool.pytest.ini_options]\ntestpaths = ['tests']\n")
        self.write(".gitignore", "var/\n__pycache__/\n")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=Alice", "-c", "user.email=alice@connex.example", "-c", "commit.gpgsign=false")
        return self._run("git", *who, *words).stdout.strip()

    def commit(self, **tests: str) -> str:
        """Write tests/test_NAME.py for each keyword, commit, and return the commit's short name."""
        for name, text in tests.items():
            self.write(f"tests/test_{name}.py", text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "next")
        return self.git("rev-parse", "HEAD")[:9]

    def pytest(self, *words: str) -> subprocess.CompletedProcess[str]:
        plugins = ("-p", "tests.acceptance", "-p", "no:cacheprovider", "--strict-markers")
        return self._run(sys.executable, "-m", "pytest", *plugins, *words, check=False)

    def report(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self._run(sys.executable, "-m", "tests.acceptance", *words, check=False)

    def line(self, name: str) -> str:
        """What the report prints about one line, without its id."""
        printed = self.report(name).stdout.splitlines()[0]
        return " ".join(printed.removeprefix(name).split())

    @property
    def record(self) -> dict[str, dict[str, object]]:
        return json.loads((self.folder / "var" / "acceptance.json").read_text())

    def _run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST_", "CONNEX_", "DJANGO_", "GIT_"))
        }
        clean |= {"PYTHONPATH": str(HOUSE), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        return subprocess.run(
            words, cwd=self.folder, env=clean, capture_output=True, text=True, check=check, timeout=60
        )


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_a_line_whose_test_passed_at_this_commit_is_proven(repository: Repository) -> None:
    repository.commit(grid=ONE_PASSES)
    assert repository.pytest().returncode == 0
    assert repository.line("G-38") == "proven tests/test_grid.py::test_groups"


def test_a_line_without_a_test_is_open(repository: Repository) -> None:
    repository.commit(grid=ONE_PASSES)
    repository.pytest()
    assert repository.line("G-39") == "open"


def test_a_test_that_passed_with_uncommitted_changes_proves_and_says_so(repository: Repository) -> None:
    repository.commit(grid=ONE_PASSES)
    repository.write("tests/test_new.py", "def test_else(): ...\n")
    repository.pytest()
    assert repository.line("G-38") == "proven (with uncommitted changes) tests/test_grid.py::test_groups"


def test_a_run_during_which_files_change_counts_as_changed(repository: Repository) -> None:
    writes = "from pathlib import Path\ndef test_writes(): Path('stray').write_text('')\n"
    repository.commit(grid=ONE_PASSES, other=writes)
    repository.pytest()
    assert "with uncommitted changes" in repository.line("G-38")


def test_without_git_the_commit_is_unknown_and_nothing_breaks(repository: Repository) -> None:
    repository.write("tests/test_grid.py", ONE_PASSES)
    repository.pytest()
    assert "with uncommitted changes" in repository.line("G-38")


def test_a_line_proven_only_in_part_gives_the_part(repository: Repository) -> None:
    marked = ONE_PASSES.replace("'G-38'", "'F-52', part='stored; invoice missing'")
    repository.commit(form=marked)
    repository.pytest()
    assert repository.line("F-52") == "part stored; invoice missing (tests/test_form.py::test_groups)"


def test_a_part_and_a_whole_make_a_proof(repository: Repository) -> None:
    repository.commit(grid=ONE_PASSES, half=ONE_PASSES.replace("'G-38'", "'G-38', part='counts only'"))
    repository.pytest()
    assert (
        repository.line("G-38") == "proven tests/test_grid.py::test_groups, tests/test_half.py::test_groups"
    )


@pytest.mark.parametrize(
    ("broken", "outcome"),
    [
        ("import pytest\n@pytest.mark.accept('G-38')\ndef test_groups(): assert False\n", "failed"),
        (
            "import pytest\n@pytest.fixture\ndef broken(): raise OSError\n"
            "@pytest.mark.accept('G-38')\ndef test_groups(broken): ...\n",
            "error",
        ),
        (
            "import pytest\n@pytest.fixture\ndef broken():\n    yield\n    raise OSError\n"
            "@pytest.mark.accept('G-38')\ndef test_groups(broken): ...\n",
            "error",
        ),
    ],
    ids=["call", "setup", "teardown"],
)
def test_a_test_that_fails_in_any_phase_fails_its_line(
    broken: str, outcome: str, repository: Repository
) -> None:
    repository.commit(grid=broken, other=ONE_PASSES)
    repository.pytest()
    assert repository.record["tests/test_grid.py::test_groups"]["outcome"] == outcome
    assert repository.line("G-38") == "failed tests/test_grid.py::test_groups"


def test_one_failing_parameter_fails_the_line(repository: Repository) -> None:
    repository.commit(
        grid="import pytest\n@pytest.mark.accept('G-09')\n"
        "@pytest.mark.parametrize('n', [1, 2, 3])\ndef test_asr(n): assert n != 2\n"
    )
    repository.pytest()
    assert len(repository.record) == 3
    assert repository.line("G-09") == "failed tests/test_grid.py::test_asr"


def test_a_file_that_no_longer_loads_fails_what_it_had_proven(repository: Repository) -> None:
    repository.commit(grid=ONE_PASSES)
    repository.pytest()
    repository.commit(grid=ONE_PASSES + "raise OSError('moved')\n")
    repository.pytest()
    assert repository.line("G-38") == "failed tests/test_grid.py::test_groups"


def test_a_proof_at_another_commit_is_stale(repository: Repository) -> None:
    first = repository.commit(grid=ONE_PASSES)
    repository.pytest()
    repository.commit()
    assert repository.line("G-38") == f"stale at {first}: tests/test_grid.py::test_groups"
    repository.pytest()
    assert repository.line("G-38") == "proven tests/test_grid.py::test_groups"


@pytest.mark.parametrize(
    "skips",
    [
        "@pytest.mark.skip\n@pytest.mark.accept('G-38')\ndef test_later(): ...\n",
        "@pytest.mark.accept('G-38')\ndef test_later(): pytest.skip('no browser')\n",
        "@pytest.mark.xfail\n@pytest.mark.accept('G-38')\ndef test_later(): assert False\n",
        "@pytest.mark.xfail\n@pytest.mark.accept('G-38')\ndef test_later(): assert True\n",
    ],
    ids=["mark", "call", "xfail", "xpass"],
)
def test_a_skipped_test_proves_nothing_even_beside_one_that_passed(
    skips: str, repository: Repository
) -> None:
    repository.commit(grid=ONE_PASSES, later="import pytest\n" + skips)
    repository.pytest()
    assert repository.line("G-38") == "open skipped: tests/test_later.py::test_later"


def test_a_marked_test_that_did_not_run_keeps_its_line_open(repository: Repository) -> None:
    repository.commit(grid=ONE_PASSES, more=ONE_PASSES)
    repository.pytest("tests/test_grid.py")
    assert repository.line("G-38") == "open not run: tests/test_more.py::test_groups"


def test_a_partial_run_updates_its_tests_and_keeps_the_others(repository: Repository) -> None:
    first = repository.commit(grid=ONE_PASSES, other=ONE_PASSES.replace("G-38", "G-39"))
    repository.pytest()
    repository.commit()
    repository.pytest("tests/test_other.py")
    assert repository.line("G-38") == f"stale at {first}: tests/test_grid.py::test_groups"
    assert repository.line("G-39") == "proven tests/test_other.py::test_groups"


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n2")], ids=["alone", "xdist"])
def test_a_run_of_everything_forgets_tests_that_are_gone(
    workers: tuple[str, ...], repository: Repository
) -> None:
    repository.commit(grid=ONE_PASSES, gone=ONE_PASSES)
    repository.pytest(*workers)
    (repository.folder / "tests" / "test_gone.py").unlink()
    repository.commit()
    repository.pytest("tests/test_grid.py")
    repository.pytest("-k", "groups")
    assert set(repository.record) == {"tests/test_grid.py::test_groups", "tests/test_gone.py::test_groups"}
    repository.pytest(*workers)
    assert set(repository.record) == {"tests/test_grid.py::test_groups"}


def test_a_test_that_lost_its_mark_is_forgotten_when_it_runs(repository: Repository) -> None:
    repository.commit(grid=ONE_PASSES)
    repository.pytest()
    repository.commit(grid="def test_groups(): ...\n")
    repository.pytest("tests/test_grid.py")
    assert repository.record == {}


def test_workers_report_through_their_controller(repository: Repository) -> None:
    tests = "".join(
        f"@pytest.mark.accept('G-{number:02}')\ndef test_{number}(): assert {number} != 7\n"
        for number in range(1, 21)
    )
    repository.commit(grid="import pytest\n" + tests)
    assert "2 workers" in repository.pytest("-p", "xdist", "-n2").stdout
    assert repository.line("G-07") == "failed tests/test_grid.py::test_7"
    assert repository.line("G-20") == "proven tests/test_grid.py::test_20"
    assert len(repository.record) == 20


def test_a_test_that_brings_its_worker_down_fails_its_line(repository: Repository) -> None:
    repository.commit(grid="import os, pytest\n@pytest.mark.accept('G-38')\ndef test_groups(): os._exit(3)\n")
    repository.pytest("-p", "xdist", "-n1")
    assert repository.line("G-38") == "failed tests/test_grid.py::test_groups"


def test_a_worker_lost_in_set_up_fails_what_the_test_had_proven(repository: Repository) -> None:
    repository.commit(grid=ONE_PASSES)
    repository.pytest()
    repository.commit(
        grid="import os, pytest\n@pytest.fixture(autouse=True)\ndef lost(): os._exit(3)\n"
        "@pytest.mark.accept('G-38')\ndef test_groups(): ...\n"
    )
    repository.pytest("-p", "xdist", "-n1")
    assert repository.line("G-38") == "failed tests/test_grid.py::test_groups"


def test_collecting_alone_changes_nothing(repository: Repository) -> None:
    repository.commit(grid=ONE_PASSES)
    repository.pytest()
    before = repository.record
    repository.commit(grid="def test_groups(): ...\n")
    repository.pytest("--collect-only")
    assert repository.record == before


def test_a_run_without_marked_tests_leaves_no_file(repository: Repository) -> None:
    repository.commit(grid="def test_groups(): ...\n")
    repository.pytest()
    assert not (repository.folder / "var").exists()


def test_a_damaged_record_is_named_and_replaced(repository: Repository) -> None:
    repository.commit(grid=ONE_PASSES)
    repository.write("var/acceptance.json", '{"tests/test_grid')
    assert "acceptance.json is no record of tests" in repository.report().stderr
    repository.pytest()
    assert repository.line("G-38") == "proven tests/test_grid.py::test_groups"


def test_an_unknown_line_is_refused_by_name(repository: Repository) -> None:
    refused = repository.report("G-99")
    assert refused.returncode == 2
    assert "no such line or area: G-99" in refused.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [((), 0), (("--strict",), 1), (("--strict", "G-38"), 0), (("--strict", "G-38", "G-39"), 1), (("W",), 0)],
)
def test_only_strict_fails_and_only_for_the_lines_asked_for(
    words: tuple[str, ...], code: int, repository: Repository
) -> None:
    repository.commit(grid=ONE_PASSES)
    repository.pytest()
    assert repository.report(*words).returncode == code


def test_totals_count_the_states_of_each_area(repository: Repository) -> None:
    fails = ONE_PASSES.replace("assert True", "assert False")
    repository.commit(
        grid=ONE_PASSES, sorts=fails.replace("G-38", "G-51"), form=fails.replace("G-38", "F-01")
    )
    repository.pytest()
    grid = next(
        row for row in repository.report().stdout.splitlines() if row.startswith("G  customers grid ")
    )
    proven, part, failed, stale, still_open, lines, *musts = grid.split()[3:]
    assert (proven, part, failed, stale, still_open, lines) == ("1", "0", "1", "0", "64", "66")
    assert " ".join(musts) == "1 of 48"
