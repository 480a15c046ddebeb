"""A file out of a list, by hand: the menu, the download, what is in it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from tests import factories

Visit = Callable[..., Page]


def test_the_menu_gives_a_file_of_what_is_filtered_and_works_without_a_script(visit: Visit):
    for name in ("Nova", "Vega"):
        factories.make_customer(name=name)
    for script in (True, False):
        page = visit("/customers/?f.name=has:veg&s=name&c=name", java_script_enabled=script)
        page.get_by_text("Export", exact=True).click()
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV").click()
        file = download.value
        assert file.suggested_filename.startswith("customers-")
        rows = list(csv.reader(Path(file.path()).read_text("utf-8-sig").splitlines()))
        assert rows == [["Name"], ["Vega"]]
        assert page.url.endswith("c=name"), "the list stays where it is"
