"""manage.py simulate_traffic: a switch made up, which reports its calls over HTTP like a real one."""

import random
import signal
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.simulator.feed import Feed
from calls.simulator.link import Link, Rejected
from calls.simulator.outbox import Outbox
from calls.simulator.plan import PlanError, load
from calls.simulator.traffic import Traffic

LOWEST_CPS, HIGHEST_CPS = 0.1, 1000.0


class Command(BaseCommand):
    help = "Sends simulated calls to a running Connex, until stopped. Uses no database."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", required=True, help="address of Connex, such as http://127.0.0.1:8000")
        parser.add_argument("--plan", required=True, type=Path, help="traffic-plan.json of manage.py demo")
        parser.add_argument("--cps", type=float, default=5.0, help="calls per second, averaged over a day")
        parser.add_argument("--seed", type=int, help="the same calls again; default: by chance")
        parser.add_argument("--seconds", type=float, metavar="N", help="stop by itself after so long")

    def handle(self, *args: Any, **options: Any) -> None:
        cps, path = options["cps"], options["plan"]
        if not LOWEST_CPS <= cps <= HIGHEST_CPS:
            raise CommandError(f"--cps {cps:g} is out of range. Use {LOWEST_CPS:g} to {HIGHEST_CPS:g}.")
        try:
            plan = load(path)
            link = Link(options["url"], plan.token)
        except (PlanError, ValueError) as error:
            raise CommandError(str(error)) from error
        rng = random.Random(options["seed"])  # noqa: S311 - chance, no secret
        traffic = Traffic(plan, cps=cps, rng=rng, now=time.time())
        outbox = Outbox(path.with_suffix(".unsent"))
        feed = Feed(traffic, link, outbox, say=lambda line: self.stdout.write(line))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_signal: feed.stop())
        try:
            feed.run(options["seconds"])
        except Rejected as error:
            raise CommandError(str(error)) from error
