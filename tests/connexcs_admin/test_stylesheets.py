"""The look keeps its promises: contrast, one home for colours, no icon that draws nothing."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHEETS = sorted((ROOT / "static" / "css").glob("*.css"))
TOKENS = (ROOT / "static" / "css" / "tokens.css").read_text()
SPRITE = (ROOT / "static" / "icons.svg").read_text()
SYMBOLS = set(re.findall(r'<symbol id="([^"]+)"', SPRITE))
HEX = re.compile(r"#[0-9a-fA-F]{3,8}\b")


def without_comments(css: str) -> str:
    return re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)


def token(name: str, theme: str) -> str:
    """The #rrggbb of a custom property in one theme, through var() where it points on."""
    value = re.search(rf"--{name}:\s*([^;]+);", TOKENS)
    assert value, f"tokens.css has no --{name}"
    text = value[1].strip()
    if pair := re.fullmatch(r"light-dark\((#\w{6}), (#\w{6})\)", text):
        return pair[1 if theme == "light" else 2]
    if onward := re.fullmatch(r"var\(--([\w-]+)\)", text):
        return token(onward[1], theme)
    assert re.fullmatch(r"#\w{6}", text), f"--{name} is no plain colour: {text}"
    return text


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it, 0 to 1."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_measured_as_wcag_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


MEANINGS = ("good", "warn", "bad", "info", "plum", "idle")
TEXTS = [
    ("text", "surface", 7),
    ("text", "accent-soft", 7),
    ("text-2", "surface", 4.5),
    ("text-2", "idle-soft", 4.5),
    *[
        ("text-3", ground, 4.5)
        for ground in ("surface", "sunken", "raised", "canvas", "hover", "pressed", "accent-soft")
    ],
    ("accent-text", "surface", 4.5),
    ("accent-text", "accent-soft", 4.5),
    ("on-accent", "accent", 4.5),
    ("on-inverse", "inverse", 4.5),
    ("inverse-accent", "inverse", 4.5),
    ("on-mark", "bad-mark", 4.5),
    *[(meaning, f"{meaning}-soft", 4.5) for meaning in MEANINGS],
    *[
        (meaning, ground, 4.5)
        for meaning in ("good", "warn", "bad", "plum")
        for ground in ("surface", "hover", "accent-soft")
    ],
    *[("text", f"{meaning}-soft", 4.5) for meaning in ("warn", "bad", "good")],
]
MARKS = [
    ("line-control", "surface", 3),
    ("focus", "surface", 3),
    *[(f"{meaning}-mark", f"{meaning}-soft", 3) for meaning in MEANINGS],
    *[(f"{meaning}-mark", ground, 3) for meaning in ("warn", "bad") for ground in ("surface", "accent-soft")],
]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least"), TEXTS + MARKS)
def test_every_pair_of_colours_can_be_read(front, ground, least, theme):
    ratio = contrast(token(front, theme), token(ground, theme))
    assert ratio >= least, f"--{front} on --{ground} is {ratio:.2f} in {theme}, below {least}"


@pytest.mark.parametrize("sheet", [s for s in SHEETS if s.name != "tokens.css"], ids=lambda s: s.name)
def test_only_the_tokens_hold_raw_colours(sheet):
    css = without_comments(sheet.read_text())
    values = re.findall(r":\s*([^;{}]+);", css)
    raw = [v for v in values if HEX.search(v) or re.search(r"\b(rgb|hsl|oklch)a?\(|\b(white|black|red)\b", v)]
    assert raw == []


def test_every_custom_property_in_use_is_declared():
    everything = without_comments("\n".join(sheet.read_text() for sheet in SHEETS))
    declared = set(re.findall(r"(--[\w-]+)\s*:", everything))
    used = set(re.findall(r"var\((--[\w-]+)", everything))
    assert used - declared == set()


def test_all_rules_stand_in_a_layer():
    for sheet in SHEETS:
        css = without_comments(sheet.read_text())
        outside = re.sub(r"@layer [\w, -]+;", "", css).strip()
        depth, start = 0, 0
        heads = []
        for at, char in enumerate(outside):
            if char == "{":
                if depth == 0:
                    heads.append(outside[start:at].strip())
                depth += 1
            elif char == "}":
                depth -= 1
                start = at + 1
        assert depth == 0, f"{sheet.name}: braces do not match"
        assert all(head.startswith("@layer ") for head in heads), f"{sheet.name}: {heads}"


def test_motion_stops_for_those_who_asked_for_it():
    reach = (ROOT / "static" / "css" / "reach.css").read_text()
    calm = reach.split("prefers-reduced-motion: reduce")[1].split("@media")[0]
    assert "animation: none !important" in calm
    assert "transition: none !important" in calm


def test_no_text_is_smaller_than_eleven_pixels():
    sizes = re.findall(r"--fs-(\d+): ([\d.]+)rem", TOKENS)
    assert len(sizes) == 7
    for name, rem in sizes:
        assert float(rem) * 16 == float(name)
    for sheet in SHEETS:
        for px in re.findall(r"font(?:-size)?:[^;]*?\b([\d.]+)px", without_comments(sheet.read_text())):
            assert float(px) >= 11, f"{sheet.name} has text of {px} px"


TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def test_every_icon_a_template_names_is_in_the_sprite():
    named = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in TEMPLATES
        for name in re.findall(r'{% icon "([\w-]+)"|icons\.svg[^"]*#([\w-]+)"', path.read_text())
        for name in [name[0] or name[1]]
    }
    assert named, "no template uses an icon, so this test looks in the wrong place"
    assert {(where, name) for where, name in named if name not in SYMBOLS} == set()


def test_every_status_has_a_glyph_of_its_own():
    statuses = ("active", "dialing", "inactive", "pending", "pending_approval", "penalty")
    drawings = {re.search(rf'id="status-{s}"[^>]*>(.*?)</symbol>', SPRITE)[1] for s in statuses}  # type: ignore[index]
    assert len(drawings) == len(statuses)


def test_no_template_holds_inline_style_or_script():
    for path in TEMPLATES:
        html = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.DOTALL)
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=\"|\shx-on", html), path
        assert not re.search(r"<script(?![^>]*\ssrc=)", html), path
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", html), path
