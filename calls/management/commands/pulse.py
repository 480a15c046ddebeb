"""manage.py pulse: keeps live figures up to date until stopped."""

import signal

from django.core.management.base import BaseCommand

from calls import pulse


class Command(BaseCommand):
    help = "Keeps live figures up to date. One runs, further ones wait to take over."

    def handle(self, *args: object, **options: object) -> None:
        stop = False

        def note(*_signal: object) -> None:
            nonlocal stop
            stop = True

        signal.signal(signal.SIGTERM, note)
        signal.signal(signal.SIGINT, note)
        pulse.run(lambda: stop)
