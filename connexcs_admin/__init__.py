"""The project: the only room that knows all others."""

from connexcs_admin.celery import app as celery_app

__all__ = ["celery_app"]
