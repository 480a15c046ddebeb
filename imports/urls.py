"""Doors of the imports room: /import/<what a row becomes>/, one for each declaration."""

from django.urls import path

from imports import views
from imports.fields import TARGETS

app_name = "imports"
urlpatterns = [path(f"{slug}/", views.upload, {"target": slug}, name=slug) for slug in sorted(TARGETS)]
