"""Pages for people under /calls/."""

from django.urls import path

from calls import inbox, lists, pages

app_name = "pages"

urlpatterns = [
    path("", pages.latest_calls, name="calls"),
    path("records/", lists.CdrView.as_view(), name="records"),
    path("records/live/", lists.CdrView.as_view(polled=True), name="records_live"),
    path("records/suggest/", lists.CdrView.as_view(part="suggest"), name="records_suggest"),
    path("records/values/", lists.CdrView.as_view(part="values"), name="records_values"),
    path("live/", pages.live_calls, name="live"),
    path("quarantine/", inbox.inbox, name="quarantine"),
    path("quarantine/replay/", inbox.replay_records, name="replay"),
    path("quarantine/dismiss/", inbox.dismiss_records, name="dismiss"),
    path("call/<str:key>/", pages.call_detail, name="call"),
]
