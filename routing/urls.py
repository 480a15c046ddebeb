"""Doors of the routing room, under /customers/<id>/."""

from django.urls import path

from routing import views
from routing.models import IngressRoute, IpAuth, SipUser

app_name = "routing"

urlpatterns = [
    path("auth/", views.auth, name="auth"),
    path("auth/addresses/", views.add_ip, name="add_ip"),
    path("auth/addresses/<int:pk>/enabled/", views.set_enabled, {"model": IpAuth}, name="ip_enabled"),
    path("auth/addresses/<int:pk>/delete/", views.delete, {"model": IpAuth}, name="ip_delete"),
    path("auth/users/", views.add_user, name="add_user"),
    path("auth/users/<int:pk>/enabled/", views.set_enabled, {"model": SipUser}, name="user_enabled"),
    path("auth/users/<int:pk>/delete/", views.delete, {"model": SipUser}, name="user_delete"),
    path("routes/", views.routes, name="routes"),
    path("routes/new/", views.add_route, name="add_route"),
    path("routes/<int:pk>/enabled/", views.set_enabled, {"model": IngressRoute}, name="route_enabled"),
    path("routes/<int:pk>/delete/", views.delete, {"model": IngressRoute}, name="route_delete"),
]
