"""Doors of the customers room: /customers/…"""

from django.urls import path

from customers import views

app_name = "customers"
urlpatterns = [
    path("", views.CustomerGridView.as_view(), name="list"),
    path("live/", views.CustomerGridView.as_view(polled=True), name="live"),
    path("<int:pk>/status/", views.customer_status, name="status"),
]
