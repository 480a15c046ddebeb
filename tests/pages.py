"""What a person reads on a page: its words, and what stands in one part of it."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

from django.http import HttpResponse

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "path", "use", "circle", "line"}


class _Fields(HTMLParser):
    """Collects what a browser would post of a form: name -> values."""

    def __init__(self) -> None:
        super().__init__()
        self.posted: dict[str, list[str]] = {}
        self.into = ""  # the select that is being read
        self.writes = ""  # the text area

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        name, value = found.get("name") or "", found.get("value") or ""
        if tag in ("select", "textarea") and name:
            self.into, self.writes = (name, "") if tag == "select" else ("", name)
            self.posted.setdefault(name, [] if tag == "select" else [""])
        elif tag == "option" and "selected" in found:
            self.posted[self.into].append(value)
        elif tag == "input" and name:
            if found.get("type") == "hidden":
                self.posted.setdefault(name, []).append(value)
            elif found.get("type") not in ("checkbox", "radio"):
                self.posted[name] = [value]
            elif "checked" in found:
                self.posted.setdefault(name, []).append(value or "on")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "textarea"):
            self.into = self.writes = ""

    def handle_data(self, data: str) -> None:
        if self.writes:
            self.posted[self.writes][0] += data


def filled(answer: HttpResponse, **changes: object) -> dict[str, object]:
    """What a browser would post of the form on a page, with `changes` typed into it."""
    parser = _Fields()
    parser.feed(answer.content.decode())
    written = {name: [value.removeprefix("\n") for value in values] for name, values in parser.posted.items()}
    return {**written, **changes}


class _Words(HTMLParser):
    """Collects the text inside the first element with the attribute and value asked for (or of the page)."""

    def __init__(self, attribute: str, value: str) -> None:
        super().__init__()
        self.attribute, self.value = attribute, value
        self.depth = 0 if attribute else 1
        self.words: list[str] = []
        self.found = not attribute

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        if self.depth:
            self.depth += 1
        elif not self.found and dict(attrs).get(self.attribute) == self.value:
            self.found, self.depth = True, 1

    def handle_endtag(self, tag: str) -> None:
        if self.depth and tag not in VOID:
            self.depth -= 1

    def handle_data(self, data: str) -> None:
        if self.depth:
            self.words.append(data)


def words(answer: HttpResponse, attribute: str = "", value: str = "") -> str:
    """The text of a page, or of the first element whose `attribute` is `value`, with single spaces.

    Fails the test if there is no such element.
    """
    parser = _Words(attribute, value)
    parser.feed(answer.content.decode())
    assert parser.found, f'no element with {attribute}="{value}"'
    return " ".join(" ".join(parser.words).split())


def figure(answer: HttpResponse, name: str) -> str:
    """A key figure of a customer's head, label first: `CPS 2.8 / 10`."""
    return words(answer, "data-f", name)


def links(answer: HttpResponse) -> list[str]:
    """Every address that the page links to."""
    return [unescape(found) for found in re.findall(r'<a [^>]*href="([^"]*)"', answer.content.decode())]
