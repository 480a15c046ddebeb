"""The bundle of styles that production sends means, to a browser, what its sources say."""

from pathlib import Path
from typing import Any

from django.conf import settings

from connexcs_admin.static_files import plain, sheets

# Rules as the browser understood them. Custom properties keep the space of their source, so it is evened out.
RULES = r"""css => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return Array.from(sheet.cssRules, rule => rule.cssText).join("\n")
    .replace(/\s+/g, " ").replace(/([,(]) /g, "$1").replace(/ ([,)])/g, "$1");
}"""


def test_the_short_bundle_has_the_rules_of_its_sources(page: Any):
    source = "\n".join((Path(settings.BASE_DIR) / "static" / name).read_text() for name in sheets())
    assert page.evaluate(RULES, plain(source)) == page.evaluate(RULES, source)
