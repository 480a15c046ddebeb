"""`python -m benchmarks [grid|ingest]`: measure, print, and say how it was measured. A report, not a gate.

Needs DATABASE_URL of an empty database and REDIS_URL; `make bench` brings both. Exit code 0 whatever the
ratios are, 1 when a page could not be measured, 2 when it was called wrongly.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from launcher.environment import DEMO_EMAIL

if TYPE_CHECKING:
    from benchmarks.grid import Ratio
    from benchmarks.load import Load

NEEDED = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ENCRYPTION_KEYS")


def main(arguments: list[str]) -> int:
    options = read(arguments)
    if missing := [name for name in NEEDED if not os.environ.get(name)]:
        print(f"{', '.join(missing)} not set. Use `make bench`, which starts servers for one run.")
        return 2
    with tempfile.TemporaryDirectory(prefix="connex-bench-") as home:
        # A folder of its own: static files and the demo's plan must not meet those of an installation.
        os.environ |= {
            "CONNEX_HOME": home,
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "DEBUG": "0",
            "HTTPS": "0",
            "STAFF_HOSTS": "localhost",
            # No pulse runs: figures that grow stale during a run would make a poll bring news.
            "FEED_STALE_SECONDS": "3600",
        }
        os.environ.setdefault("DEMO_PASSWORD", secrets.token_urlsafe(16))
        import django

        django.setup()
        return measure(options)


def measure(options: argparse.Namespace) -> int:
    from benchmarks import bulk, data, export, grid, ingest, listing, operators, report, web
    from benchmarks.cpu import Meter, postmaster_of
    from benchmarks.load import Load, WrongAnswer

    try:
        if not options.reuse:
            say(f"Making {options.customers:,} customers with {options.cdrs:,} call records …")
        seconds = data.prepare(customers=options.customers, cdrs=options.cdrs, reuse=options.reuse)
        if options.what == "ingest":
            print("\n" + ingest.text(ingest.run(options.records, web=web, rate=options.rate, say=say)))
            return 0
        with web.server() as (port, session):
            cookie = web.sign_in(port, DEMO_EMAIL, os.environ["DEMO_PASSWORD"])
            say("Measuring …")
            meter = Meter(session, postmaster_of(data.backend()))
            load = Load(port, cookie, options.connections, meter)
            result = grid.run(load, rounds=options.rounds, seconds=options.seconds)
            say(f"{options.people} people look on while figures move …")
            opened = operators.run(port, cookie, meter, people=options.people, seconds=options.watched)
            say("Every filter with every sort …")
            scans = listing.measure(DEMO_EMAIL)
            say("Files …")
            files = export.measure(DEMO_EMAIL)
            say("Bulk edits …")
            files += bulk.measure(DEMO_EMAIL)
            result = replace(result, ratios=[*result.ratios, *opened.ratios, *scans.ratios, *files])
            if options.grow_to:
                result = replace(result, ratios=[*result.ratios, grown(load, options)])
    except (data.Unusable, web.NotReady, WrongAnswer, OSError) as error:
        print("\n".join([f"benchmarks: {error}", *getattr(error, "__notes__", ())]))
        return 1
    conditions = report.Conditions(
        customers=data.count("customers_listing"),
        cdrs=data.count("calls_cdr"),
        demo_s=seconds,
        connections=options.connections,
        rounds=options.rounds,
        seconds=options.seconds,
        postgres=data.postgres_version(),
    )
    print("\n" + report.text(result, conditions))
    if options.json:
        options.json.write_text(json.dumps(report.as_json(result, conditions), indent=1))
    return 0


def grown(load: Load, options: argparse.Namespace) -> Ratio:
    """The grid page after more records came in, over the same page before."""
    from benchmarks import grid, listing
    from benchmarks.grid import Ratio

    def page() -> float:
        measured = load.measure([grid.GRID], rounds=options.rounds, seconds=options.seconds)[grid.GRID.name]
        return measured.cores_ms or 1000 / measured.rate

    before = page()
    say(f"Adding records up to {options.grow_to:,} …")
    count = listing.grow(options.grow_to)
    return Ratio(
        f"grid page at {count:,} records ÷ before", page(), before, listing.MOST_GROWTH, at_most=True
    )


def read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench", description="Measure speed as ratios to pages measured in the same run."
    )
    parser.add_argument("what", nargs="?", choices=["grid", "ingest"], default="grid")
    parser.add_argument("--customers", type=whole, default=100_000, metavar="N")
    parser.add_argument("--cdrs", type=whole, default=1_000_000, metavar="N", help="call records")
    parser.add_argument("--records", type=whole, default=2_000_000, metavar="N", help="records to ingest")
    parser.add_argument("--rate", type=whole, default=2_000, metavar="N", help="records per second posted")
    parser.add_argument("--rounds", type=whole, default=5, metavar="N", help="rounds per page")
    parser.add_argument("--seconds", type=length, default=3.0, metavar="S", help="length of a round")
    parser.add_argument("--connections", type=whole, default=4, metavar="N")
    parser.add_argument("--people", type=whole, default=200, metavar="N", help="who keep the list open")
    parser.add_argument("--watched", type=length, default=15.0, metavar="S", help="how long they look on")
    parser.add_argument(
        "--grow-to", type=whole, metavar="N", help="then add records up to so many and measure the page again"
    )
    parser.add_argument("--reuse", action="store_true", help="measure on the data that is there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser.parse_args(arguments)


def whole(text: str) -> int:
    """A whole number from 1."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def length(text: str) -> float:
    """Seconds, more than none."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no length in seconds between 0 and 3600")
    return seconds


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
