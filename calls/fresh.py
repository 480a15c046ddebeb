"""A process of our own, started anew. Imports nothing of the house, which is not set up there yet."""

import django
from django.db import connection


def make_ready(database: str) -> None:
    """Makes a fresh process ready to work in the database that its parent uses."""
    django.setup()
    connection.settings_dict["NAME"] = database
