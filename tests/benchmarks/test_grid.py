"""What the grid benchmark compares, and the whole of it once on little data."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest

from benchmarks.cpu import Spent
from benchmarks.grid import (
    ADMIN,
    BUSY_POLL,
    EMPTY,
    GRID,
    QUIET_POLL,
    TABLES2,
    Cost,
    check_lists,
    polls,
    ratios,
)
from benchmarks.load import Measured, Target, WrongAnswer

CHECKOUT = Path(__file__).resolve().parents[2]
RATES = {GRID.name: 60, EMPTY.name: 150, ADMIN.name: 4, TABLES2.name: 2, QUIET_POLL: 240, BUSY_POLL: 180}
AGAINST_EMPTY = "grid ÷ empty signed-in view, requests/s"
AGAINST_ADMIN = "grid ÷ Django admin changelist, requests/s"


def figures(rates: dict[str, float]) -> dict[str, float]:
    """Every ratio by name, from pages with these requests per second."""
    measured = {name: Measured(Target(name, "/"), rates=[rate]) for name, rate in rates.items()}
    costs = {name: Cost(queries=4, sql_ms=1, size=1000, zipped=100) for name in rates}
    costs[BUSY_POLL] = Cost(queries=4, sql_ms=1, size=250, zipped=100)
    return {one.name: one.value for one in ratios(measured, costs)}


def test_ratios_are_the_grid_over_each_page_it_is_compared_with() -> None:
    found = figures(RATES)
    assert found[AGAINST_EMPTY] == 0.4
    assert found[AGAINST_ADMIN] == 15
    assert found["grid ÷ tables2 + django-filter, requests/s"] == 30
    assert found["poll with nothing changed ÷ grid, requests/s"] == 4
    assert found["poll with 10 rows changed ÷ grid, requests/s"] == 3
    assert found["poll with 10 rows changed ÷ grid, bytes"] == 0.25
    assert found["poll with 10 rows changed ÷ 2 kB"] == 250 / 2048
    assert found["queries of the grid page ÷ 8"] == 0.5


@pytest.mark.parametrize(("page", "ratio"), [(EMPTY, AGAINST_EMPTY), (ADMIN, AGAINST_ADMIN)])
def test_either_side_of_a_ratio_moves_it(page: Target, ratio: str) -> None:
    before = figures(RATES)[ratio]
    assert figures({**RATES, page.name: RATES[page.name] * 2})[ratio] == before / 2
    assert figures({**RATES, GRID.name: RATES[GRID.name] * 2})[ratio] == before * 2


def test_a_poll_is_compared_by_the_cpu_time_of_both_servers() -> None:
    measured = {
        name: Measured(Target(name, "/"), rates=[1], latencies_s=[0.1] * 10, spent=[Spent(web, 0.002)])
        for name, web in {**dict.fromkeys(RATES, 1.0), EMPTY.name: 0.008, QUIET_POLL: 0.018}.items()
    }
    costs = {name: Cost(queries=4, sql_ms=1, size=1000, zipped=100) for name in RATES}
    found = {one.name: one for one in ratios(measured, costs)}
    quiet = found[f"{QUIET_POLL} ÷ empty signed-in view, CPU time"]
    assert (round(quiet.value, 6), quiet.met) == (2.0, False)


def test_lists_that_show_other_customers_are_not_compared() -> None:
    ours = b'<tr data-id="7"><tr data-id="9">'
    same = b'<a href="/customers/listing/7/change/"><a href="/customers/listing/9/change/">'
    check_lists({GRID.name: ours, ADMIN.name: same})
    with pytest.raises(WrongAnswer, match="does not show the grid's 2 rows"):
        check_lists({GRID.name: ours, ADMIN.name: same.replace(b"/9/", b"/8/")})
    with pytest.raises(WrongAnswer, match="shows no rows"):
        check_lists({GRID.name: b"", ADMIN.name: same})


def test_the_busy_poll_is_the_quiet_one_with_ten_checksums_that_are_old() -> None:
    rows = b"".join(b'<tr data-id="%d">' % number for number in range(1, 13))
    mark = b"figurwordcrv"
    revision = mark * 12 + b".tail"
    page = b'<div data-poll-url="/customers/live/?s=-asr&amp;q=x" data-revision="%s">' % revision + rows
    quiet, busy = polls(page)
    assert quiet.path == (
        "/customers/live/?s=-asr&q=x&ids=1,2,3,4,5,6,7,8,9,10,11,12&since=" + mark.decode() * 12 + ".tail"
    )
    assert busy.path.endswith("&since=" + "-----wordcrv" * 10 + mark.decode() * 2 + ".tail")
    assert (quiet.status, busy.status) == (204, 200)


@pytest.fixture
def empty_database() -> Iterator[str]:
    """URL of a database of its own on the server of the tests."""
    url = os.environ["DATABASE_URL"]
    server = psycopg2.connect(url)
    server.autocommit = True
    name = f"benchmark_{os.getpid()}"
    with server.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    server.close()


def run(database: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "DATABASE_URL": database}
    for name in ("DEBUG", "CONNEX_HOME", "DJANGO_SETTINGS_MODULE", "DEMO_PASSWORD"):
        environment.pop(name, None)
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_the_whole_benchmark_measures_real_pages_and_prints_ratios_of_what_it_measured(
    empty_database: str, tmp_path: Path
) -> None:
    kept = tmp_path / "figures.json"
    small = (
        "--customers",
        "150",
        "--cdrs",
        "3000",
        "--rounds",
        "1",
        "--seconds",
        "0.3",
        "--connections",
        "2",
        "--people",
        "4",
        "--watched",
        "3",
    )
    done = run(empty_database, "grid", *small, "--json", str(kept))
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(kept.read_text())

    assert found["conditions"]["customers"] == 150
    assert found["conditions"]["cdrs"] == 3000
    assert found["conditions"]["demo_s"] > 0
    pages = found["pages"]
    assert set(pages) == set(RATES)
    assert all(page["rate"] > 0 for page in pages.values())
    for name, under in ((AGAINST_EMPTY, EMPTY), (AGAINST_ADMIN, ADMIN)):
        assert found["ratios"][name]["value"] == pytest.approx(
            pages[GRID.name]["rate"] / pages[under.name]["rate"]
        )
    assert pages[GRID.name]["queries"] <= 8
    assert pages[EMPTY.name]["queries"] == 2  # session and user: it is a signed-in view
    assert pages[GRID.name]["size"] > pages[GRID.name]["zipped"] > 1000
    assert pages[QUIET_POLL]["size"] == 0
    assert 0 < pages[BUSY_POLL]["size"] < pages[GRID.name]["size"]
    assert found["ratios"]["bytes per poll of 4 people ÷ 2 kB"]["value"] > 0
    for words in ("150 customers, 3,000 call records", GRID.name, AGAINST_EMPTY, AGAINST_ADMIN, "≥ 20"):
        assert words in done.stdout

    again = run(empty_database, "grid", *small)
    assert again.returncode == 1, again.stdout
    assert "holds 150 customers already" in again.stdout


def test_without_servers_it_says_how_to_get_some() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    command = [sys.executable, "-m", "benchmarks"]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "DATABASE_URL not set. Use `make bench`" in done.stdout
