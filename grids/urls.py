"""The URLs of a grid."""

from __future__ import annotations

from django.urls import URLPattern, path

from grids.views import GridView


def grid_paths(view: type[GridView], route: str, name: str) -> list[URLPattern]:
    """The page of a grid under `route` ("" or ending in a slash), called `name`, and its helpers."""
    return [
        path(route, view.as_view(), name=name),
        path(f"{route}live/", view.as_view(polled=True), name=f"{name}_live"),
        path(f"{route}suggest/", view.as_view(part="suggest"), name=f"{name}_suggest"),
        path(f"{route}values/", view.as_view(part="values"), name=f"{name}_values"),
        path(f"{route}views/", view.as_view(part="views"), name=f"{name}_views"),
        path(f"{route}export/", view.as_view(part="export"), name=f"{name}_export"),
    ]
