"""The product's URLs, and the pages it is compared with below /benchmark/."""

from django.urls import path

from benchmarks import peers
from connexcs_admin.urls import urlpatterns as product

urlpatterns = [
    path("benchmark/empty/", peers.empty),
    path("benchmark/admin/", peers.site.urls),
    path("benchmark/tables2/", peers.tables2_page),
    *product,
]
