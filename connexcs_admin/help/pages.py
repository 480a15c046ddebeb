"""Which page of the manual belongs to a screen, and what it says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

FOLDER = Path(settings.BASE_DIR) / "docs" / "help"
# In the order of the manual's list.
SLUGS: tuple[str, ...] = ("home", "customers", "lists", "groups", "customer", "upload", "contacts", "calls")
SLUGS += ("quarantine", "audit", "users", "security", "search")
# By URL name, else by its namespace.
PAGE_OF = {
    "home": "home",
    "find": "search",
    "customers:list": "customers",
    "customers": "customer",
    "contacts": "contacts",
    "people": "contacts",
    "routing": "customer",
    "tabs": "calls",
    "pages:quarantine": "quarantine",
    "pages": "calls",
    "imports": "upload",
    "audit": "audit",
    "users": "users",
}


@dataclass(frozen=True)
class Page:
    """A page of the manual. title: its first heading. body: the rest as HTML, safe: the text is ours."""

    slug: str
    title: str
    body: SafeString


@cache
def page(slug: str) -> Page:
    """The page of that name. Raises KeyError where there is none."""
    if slug not in SLUGS:
        raise KeyError(slug)
    first, _line, rest = (FOLDER / f"{slug}.md").read_text("utf-8").partition("\n")
    return Page(slug, first.removeprefix("# "), markdown(rest))


def markdown(text: str) -> SafeString:
    """Text of the manual as HTML; HTML in it is shown as it stands."""
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    # Links between pages are written so that they also work where the files are read as files.
    return mark_safe(re.sub(r'href="([a-z]+)\.md', r'href="/help/\1/', html))  # noqa: S308 - escaped above


def slug_of(url_name: str) -> str:
    """The page for the screen of that URL name, "customers:list"; empty where the manual has none."""
    if url_name.startswith("account_"):
        return "security"
    return PAGE_OF.get(url_name) or PAGE_OF.get(url_name.partition(":")[0], "")
