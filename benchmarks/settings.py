"""The product's settings, and beside its pages the ones it is compared with."""

from connexcs_admin.settings import *  # noqa: F403 - this is the same installation with more pages
from connexcs_admin.settings import BASE_DIR, TEMPLATES

ROOT_URLCONF = "benchmarks.urls"
TEMPLATES = [{**TEMPLATES[0], "DIRS": [*TEMPLATES[0]["DIRS"], BASE_DIR / "benchmarks" / "templates"]}]
