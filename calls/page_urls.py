"""Pages for people under /calls/."""

from django.urls import path

from calls import inbox, pages

app_name = "pages"

urlpatterns = [
    path("", pages.latest_calls, name="calls"),
    path("live/", pages.live_calls, name="live"),
    path("quarantine/", inbox.inbox, name="quarantine"),
    path("quarantine/replay/", inbox.replay_records, name="replay"),
    path("quarantine/dismiss/", inbox.dismiss_records, name="dismiss"),
    path("call/<str:key>/", pages.call_detail, name="call"),
]
