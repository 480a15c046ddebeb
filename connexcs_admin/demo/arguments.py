"""What demo data is made from, and what it is called."""

import random
from dataclasses import dataclass
from datetime import datetime

DAYS = 30  # of call history
LIVE_CPS = 5  # what the simulator sends by default; credit is laid out to last for weeks of it
REASON = "Demo data"
MAIL_DOMAIN = "connex.example"
PORTAL_HOST = "portal.localhost"
SIP_REALM = "sip.connex.example"
SWITCH_NAME = "Demo switch"
SWITCH_IP = "192.0.2.250"
TEMPLATES = ("Standard", "Detailed by destination")
RESELLERS = (("Brindlemere Partners", "EUR"), ("Cordiluz Asociados", "USD"))


@dataclass(frozen=True)
class Arguments:
    """customers, cdrs: rows to make. until: aware; the last call ends no later."""

    customers: int
    cdrs: int
    until: datetime
    seed: int

    def chance(self, what: str) -> random.Random:
        """Chance that falls the same for the same seed. Each part draws from its own, named `what`."""
        return random.Random(f"{self.seed}/{what}")  # noqa: S311 - not for secrets
