"""Doors of the customers room: /customers/…"""

from django.urls import path

from customers import audit, blocks, bulkdoors, delayed, deleting, editing, pages, views

app_name = "customers"
urlpatterns = [
    path("", views.CustomerGridView.as_view(), name="list"),
    path("live/", views.CustomerGridView.as_view(polled=True), name="live"),
    path("suggest/", views.CustomerGridView.as_view(part="suggest"), name="suggest"),
    path("values/", views.CustomerGridView.as_view(part="values"), name="values"),
    path("views/", views.CustomerGridView.as_view(part="views"), name="views"),
    path("export/", views.CustomerGridView.as_view(part="export"), name="export"),
    path("new/", editing.customer_new, name="new"),
    path("bulk/", bulkdoors.customers_bulk, name="bulk"),
    path("bulk/<int:pk>/", bulkdoors.bulk_report, name="bulk_report"),
    path("bulk/<int:pk>/undo/", bulkdoors.bulk_undo, name="bulk_undo"),
    path("delayed/", delayed.delay_log, name="delayed"),
    path("delayed/<int:pk>/cancel/", delayed.delay_cancel, name="delay_cancel"),
    path("delayed/<int:pk>/run/", delayed.delay_run, name="delay_run"),
    path("delete/", deleting.customers_delete, name="delete"),
    path("deleted/", deleting.customers_deleted, name="deleted"),
    path("<int:pk>/restore/", deleting.customer_restore, name="restore"),
    path("<int:pk>/", pages.customer_detail, name="detail"),
    path("<int:pk>/edit/", editing.customer_edit, name="edit"),
    path("<int:pk>/blocks/", blocks.block_assign, name="block_assign"),
    path("<int:pk>/blocks/<int:block>/delete/", blocks.block_delete, name="block_delete"),
    path("<int:pk>/audit/", audit.customer_audit, name="audit"),
    path("<int:pk>/audit/<str:change>/", audit.customer_change, name="change"),
    path("<int:pk>/head/", pages.customer_head, name="head"),
    path("<int:pk>/status/", views.customer_status, name="status"),
]
