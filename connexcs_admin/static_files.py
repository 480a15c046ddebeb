"""Static files as browsers get them: one style sheet instead of many, and no comments in any script.

Sources stay as they are written. In development each is served as it is; `collectstatic` joins and shortens
them in STATIC_ROOT, before names get their hashes and files are compressed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import rjsmin
from whitenoise.storage import CompressedManifestStaticFilesStorage

BUNDLE = "css/connex.css"
# In the order of the cascade: foundations, components, screens, last what bends them to the reader.
SHEETS = (
    *("tokens", "base", "shell", "components", "fields", "blocks", "overlays", "palette"),
    *("grid", "groups", "gridbars", "filters", "screens", "calls", "imports", "doors", "adapt", "reach"),
)


_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_STRING = re.compile(r"""("[^"]*"|'[^']*')""")


def sheets() -> list[str]:
    """The sources of the bundle, by static name."""
    return [f"css/{name}.css" for name in SHEETS]


def plain(css: str) -> str:
    """Styles without comments and needless white space; a browser reads the same rules in them.

    rcssmin would be a library for this, yet it drops the space of `.in :is(input)`, which then means
    another thing. So only space after a colon goes, and around what ends a selector, a rule or a declaration.
    """
    parts = _STRING.split(_COMMENT.sub("", css))
    parts[::2] = [_tight(part) for part in parts[::2]]
    return "".join(parts).strip()


def _tight(part: str) -> str:
    part = re.sub(r" ?([{};,>]) ?", r"\1", re.sub(r"\s+", " ", part))
    return part.replace(": ", ":").replace(";}", "}")


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
        Path(self.path(BUNDLE)).write_text(
            plain("\n".join(Path(self.path(name)).read_text() for name in sheets()))
        )

    def _rewrite(self, name: str, shorten: Any) -> None:
        file = Path(self.path(name))
        file.write_text(shorten(file.read_text()))
