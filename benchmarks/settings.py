"""The product's settings, and beside its pages the ones it is compared with."""

from connexcs_admin.settings import *  # noqa: F403 - this is the same installation with more pages
from connexcs_admin.settings import BASE_DIR, INSTALLED_APPS, TEMPLATES

ROOT_URLCONF = "benchmarks.urls"
# SimpleAdminConfig looks for no admin.py: the only admin here is the one in benchmarks.peers.
INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.admin.apps.SimpleAdminConfig"]
TEMPLATES = [{**TEMPLATES[0], "DIRS": [*TEMPLATES[0]["DIRS"], BASE_DIR / "benchmarks" / "templates"]}]
