"""What a person reads on the customers list."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.test import Client

from customers.models import Customer, Listing
from grids.testing import seen
from tests import factories


class Rows(HTMLParser):
    """Rows of the grid: name -> column -> {text, titles, classes}; and the texts of menus and totals."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, dict[str, Any]]] = []
        self.column = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "tr" and "data-id" in found:
            self.rows.append({})
        elif tag == "td" and self.rows:
            self.column = found.get("data-c") or ""
            self.rows[-1][self.column] = {"text": "", "titles": [], "classes": [], "links": [], "labels": []}
        if self.rows and self.column:
            cell = self.rows[-1][self.column]
            for key, into in (
                ("title", "titles"),
                ("class", "classes"),
                ("href", "links"),
                ("aria-label", "labels"),
            ):
                if found.get(key):
                    cell[into].append(found[key])
            if tag == "span" and found.get("data-status"):
                cell["status"] = found["data-status"]

    def handle_data(self, data: str) -> None:
        if self.rows and self.column:
            self.rows[-1][self.column]["text"] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("tr", "table"):
            self.column = ""


def rows_of(response: Any) -> dict[str, dict[str, dict[str, Any]]]:
    """The rows on a page by name, in their order."""
    parser = Rows()
    parser.feed(response.content.decode())
    return {row["name"]["text"].split("\n")[0]: row for row in parser.rows}


def names(client: Client, url: str) -> list[str]:
    ids = seen(client.get(url)).ids
    known = dict(Listing.objects.values_list("pk", "name"))
    return [known[int(pk)] for pk in ids]


def quiet(name: str, **fields: Any) -> Customer:
    """A customer without warnings, so that its name is all its first cell says."""
    customer = factories.make_customer(name=name, debit_limit=fields.pop("debit_limit", 10), **fields)
    factories.make_ip_auth(customer)
    factories.make_route(customer)
    return customer


def text_of(html: str) -> str:
    parser = HTMLParser()
    found: list[str] = []
    parser.handle_data = found.append  # type: ignore[method-assign]
    parser.feed(html)
    return "".join(found)
