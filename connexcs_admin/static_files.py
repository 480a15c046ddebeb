"""Static files as browsers get them: one style sheet instead of many, and no comments in any script.

Sources stay as they are written. In development each is served as it is; `collectstatic` joins and shortens
them in STATIC_ROOT, before names get their hashes and files are compressed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import rcssmin
import rjsmin
from whitenoise.storage import CompressedManifestStaticFilesStorage

BUNDLE = "css/connex.css"
# In the order of the cascade: foundations, components, screens, last what bends them to the reader.
SHEETS = (
    *("tokens", "base", "shell", "components", "fields", "blocks", "overlays", "palette"),
    *("grid", "gridbars", "filters", "screens", "calls", "doors", "adapt", "reach"),
)


def sheets() -> list[str]:
    """The sources of the bundle, by static name."""
    return [f"css/{name}.css" for name in SHEETS]


class BundledStorage(CompressedManifestStaticFilesStorage):
    """Adds the bundle and shortens scripts of ours; a second run changes nothing."""

    bundle = BUNDLE

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if not dry_run:
            self._bundle()
            paths[BUNDLE] = (self, BUNDLE)
            for name in paths:
                if name.startswith("js/") and name.endswith(".js"):
                    self._rewrite(name, rjsmin.jsmin)
        yield from super().post_process(paths, dry_run, **options)

    def _bundle(self) -> None:
        joined = "\n".join(Path(self.path(name)).read_text() for name in sheets())
        Path(self.path(BUNDLE)).write_text(rcssmin.cssmin(joined))

    def _rewrite(self, name: str, shorten: Any) -> None:
        file = Path(self.path(name))
        file.write_text(shorten(file.read_text()))
