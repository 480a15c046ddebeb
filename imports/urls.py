"""Doors of the imports room: /import/<what a row becomes>/ takes a file, /import/<number>/… are its steps."""

from django.urls import path

from imports import checks, steps, views
from imports.fields import TARGETS

app_name = "imports"
urlpatterns = [
    *(path(f"{slug}/", views.upload, {"target": slug}, name=slug) for slug in sorted(TARGETS)),
    *(
        path(f"{slug}/template/", views.template, {"target": slug}, name=f"{slug}_template")
        for slug in sorted(TARGETS)
    ),
    path("<int:pk>/start/", steps.start_row, name="start"),
    path("<int:pk>/columns/", steps.columns, name="columns"),
    path("<int:pk>/values/", checks.values, name="values"),
    path("<int:pk>/check/", checks.check, name="check"),
    path("<int:pk>/mend/", checks.mend, name="mend"),
    path("<int:pk>/import/", steps.run, name="run"),
    path("<int:pk>/report/", steps.report, name="report"),
    path("<int:pk>/errors/", steps.errors, name="errors"),
    path("<int:pk>/undo/", steps.undo, name="undo"),
    path("<int:pk>/discard/", steps.discard, name="discard"),
]
