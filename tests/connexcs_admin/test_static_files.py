"""What browsers are sent: one short style sheet, scripts without comments, and no more than they can bear."""

import gzip
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import storage
from django.core.management import call_command
from django.template.loader import render_to_string

from connexcs_admin.static_files import BUNDLE, plain, sheets

MOST_STYLES = 15_000  # bytes, gzipped
MOST_SCRIPTS = 32_000


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """The folder that `collectstatic` fills in production."""
    folder = tmp_path_factory.mktemp("static")
    with pytest.MonkeyPatch.context() as patch:
        names = {
            **settings.STORAGES,
            "staticfiles": {"BACKEND": "connexcs_admin.static_files.BundledStorage"},
        }
        patch.setattr(settings, "STORAGES", names)
        patch.setattr(settings, "STATIC_ROOT", str(folder))
        bundled = storage.storages.create_storage(names["staticfiles"])
        patch.setattr(storage.staticfiles_storage, "_wrapped", bundled)
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)  # as an upgrade does, over the former
        yield folder


def gzipped(*files: Path) -> int:
    return sum(len(gzip.compress(file.read_bytes(), 9)) for file in files)


def test_every_sheet_is_in_the_bundle():
    sources = {f"css/{file.name}" for file in (Path(settings.BASE_DIR) / "static" / "css").glob("*.css")}
    assert sources == set(sheets())


def test_a_page_links_one_sheet_under_a_name_that_can_be_kept_for_ever(collected):
    page = render_to_string("_styles.html")
    assert page.count('<link rel="stylesheet"') == 1
    name = storage.staticfiles_storage.stored_name(BUNDLE)
    assert name in page
    assert (collected / name).is_file()
    assert (collected / f"{name}.gz").is_file()


def test_the_bundle_has_no_comments_and_keeps_the_order_of_the_cascade(collected):
    bundle = (collected / BUNDLE).read_text()
    assert "/*" not in bundle
    assert bundle.startswith("@layer reset,")


def test_white_space_that_means_something_stays():
    assert (
        plain("/* a */ .in :is(input) > b,\n  i {\n  margin: 0 auto;\n}")
        == ".in :is(input)>b,i{margin:0 auto}"
    )
    assert plain('a::after { content: "; }  \'"; }') == 'a::after{content:"; }  \'"}'


def test_styles_and_scripts_stay_light(collected):
    assert gzipped(collected / BUNDLE) <= MOST_STYLES
    scripts = [file for file in (collected / "js").glob("*.js") if file.name.count(".") == 1]
    assert gzipped(*scripts) <= MOST_SCRIPTS


def test_sources_stay_as_they_are_written(collected):
    source = (Path(settings.BASE_DIR) / "static" / "js" / "frame.js").read_text()
    sent = (collected / "js" / "frame.js").read_text()
    assert len(sent) < len(source)
    assert "/*" in source or "//" in source
