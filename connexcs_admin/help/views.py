"""Pages of the manual, for everybody who is signed in."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from connexcs_admin.help import pages


@require_safe
def manual(request: HttpRequest, slug: str = "") -> HttpResponse:
    """One page; without a name the first, whose list leads to the others."""
    try:
        found = pages.page(slug or pages.SLUGS[0])
    except KeyError:
        raise Http404(_("The manual has no page “%(slug)s”.") % {"slug": slug}) from None
    listed = [pages.page(each) for each in pages.SLUGS]
    return render(request, "help/page.html", {"page": found, "pages": listed})
