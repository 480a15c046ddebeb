"""Pages for people under /calls/."""

from django.urls import path

from calls import inbox, lists, pages
from grids.urls import grid_paths

app_name = "pages"

urlpatterns = [
    path("", pages.latest_calls, name="calls"),
    *grid_paths(lists.CdrView, "records/", "records"),
    *grid_paths(lists.DialogView, "live/", "live"),
    *grid_paths(inbox.InboxView, "quarantine/", "quarantine"),
    path("quarantine/replay/", inbox.replay_records, name="replay"),
    path("quarantine/dismiss/", inbox.dismiss_records, name="dismiss"),
    path("call/<str:key>/", pages.call_detail, name="call"),
]
