"""The site in a real browser: what it shows, what its scripts do, and that it asks nobody else for anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import Browser

from pymts.cli.app import run

MODELS = ("cml", "kuramoto", "noise_cauchy", "ou")
GRID = """
defaults: {T: 60}
configs:
  - {model: ou, Theta: [10.0, 9.0, 0.5], M: 2}
  - {model: noise_gaussian, M: 3}
"""
PAGES = ("index.html", "models/ou.html", "models/kuramoto.html", "models/noise_cauchy.html", "collections/grid.html")
SHOWN = "[...document.querySelectorAll('[data-words]')].filter(e => e.offsetParent !== null)"
NAMES = f"{SHOWN}.map(e => (e.querySelector('h2') || e.querySelector('th')).textContent)"
ALL_IMAGES = "document.querySelectorAll('img').forEach(i => i.loading = 'eager')"
LOADED = "[...document.images].every(i => i.complete && i.naturalWidth > 0)"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gallery")
    (folder / "grid.yaml").write_text(GRID)
    options = [part for model in MODELS for part in ("--model", model)]
    assert run(["gallery", "-o", str(folder / "site"), *options, "-c", str(folder / "grid.yaml")]) == 0
    return folder / "site"


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("browser") / "profile")
    yield browser
    browser.close()


def column(browser: Browser, name: str) -> list[str]:
    return browser.js(f"""[...document.querySelectorAll('[data-name="{name}"]')].map(e => e.textContent)""")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_a_page_fits_loads_and_complains_of_nothing(
    browser: Browser, site: Path, page: str, width: int, dark: bool
) -> None:
    browser.view(width, 844, dark=dark)
    browser.open(site / page)
    browser.js(ALL_IMAGES)
    browser.wait(lambda: browser.js(LOADED))
    assert browser.js("innerWidth") == width
    assert browser.js("document.documentElement.scrollWidth") <= width
    assert browser.complaints() == []
    requests = browser.requests()
    assert len(requests) >= 4
    assert [url for url in requests if not url.startswith(site.as_uri())] == []
    # What is cut off at the side must be inside something that scrolls.
    cut = browser.js(
        "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1"
        " && !e.closest('.scroll, .equation, pre, .tags')).map(e => e.outerHTML.slice(0, 80))"
    )
    assert cut == []


def luminance(browser: Browser, selector: str, what: str) -> float:
    """Return the relative luminance of a colour, as WCAG has it."""
    colour = browser.js(f"getComputedStyle(document.querySelector('{selector}')).{what}")
    channels = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True])
def test_the_scheme_is_the_readers_and_has_contrast(browser: Browser, site: Path, dark: bool) -> None:
    browser.view(dark=dark)
    browser.open(site / "models/ou.html")
    page = luminance(browser, "body", "backgroundColor")
    assert page < 0.05 if dark else page > 0.8
    for selector in ("body", ".lead", "p a[rel=external]", "footer"):
        light, low = sorted((luminance(browser, selector, "color"), page), reverse=True)
        assert (light + 0.05) / (low + 0.05) >= 4.5, selector
    chosen = browser.js("[...document.querySelectorAll('picture img')].map(i => i.currentSrc)")
    assert any(source.endswith("-dark.webp") for source in chosen) is dark


def test_typing_into_the_search_leaves_what_has_every_word(browser: Browser, site: Path) -> None:
    browser.view()
    browser.open(site / "index.html")
    assert browser.js(NAMES) == list(MODELS)
    browser.click("#search")
    browser.type("ADJ osc")  # part of a truth and of a tag
    assert browser.js(NAMES) == ["kuramoto"]
    assert browser.js("document.querySelector('[role=status]').textContent") == "1 of 4 models"
    browser.type("xyz")
    assert browser.js(NAMES) == []
    assert browser.js("document.querySelector('[data-none]').offsetParent !== null")


def test_tags_filter_together(browser: Browser, site: Path) -> None:
    browser.view()
    browser.open(site / "index.html")
    browser.click("[data-tag=nonlinear]")
    assert browser.js(NAMES) == ["cml", "kuramoto"]
    browser.click("[data-tag=oscillator]")
    assert browser.js(NAMES) == ["kuramoto"]
    assert browser.js("document.querySelectorAll('[aria-pressed=true]').length") == 2
    browser.click("[data-tag=nonlinear]")
    browser.click("[data-tag=oscillator]")
    assert browser.js(NAMES) == list(MODELS)


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [("#q=kuramoto", ["kuramoto"]), ("#tag=stationary", ["noise_cauchy", "ou"]), ("#q=kuramoto&tag=linear", [])],
)
def test_the_address_presets_the_search(browser: Browser, site: Path, fragment: str, expected: list[str]) -> None:
    browser.view()
    browser.open(site / "index.html", fragment)
    assert browser.js(NAMES) == expected


def test_a_card_and_a_tag_are_links(browser: Browser, site: Path) -> None:
    browser.view()
    browser.open(site / "index.html")
    browser.click(".card:nth-child(4) p")
    browser.wait(lambda: browser.js("document.readyState === 'complete' && document.title") == "ou - PyMTS")
    browser.click("a.label")
    browser.wait(lambda: browser.js("document.readyState === 'complete' && document.title") == "PyMTS models")
    browser.wait(lambda: browser.js("document.querySelector('[aria-pressed=true]')?.dataset.tag") == "linear")
    assert browser.js(NAMES) == ["ou"]


def test_columns_sort_numbers_as_numbers_and_leave_empty_cells_last(browser: Browser, site: Path) -> None:
    browser.view()
    browser.open(site / "collections" / "grid.html")
    assert column(browser, "Theta") == ["10.0", "9.0", "0.5", ""]
    header = "document.querySelectorAll('th[scope=col]')[2]"
    assert browser.js(f"{header}.textContent").strip() == "Theta"
    browser.click("th:nth-child(3) button")
    assert column(browser, "Theta") == ["0.5", "9.0", "10.0", ""]
    assert browser.js(f"{header}.ariaSort") == "ascending"
    browser.click("th:nth-child(3) button")
    assert column(browser, "Theta") == ["10.0", "9.0", "0.5", ""]
    assert browser.js(f"{header}.ariaSort") == "descending"
    browser.click("th:nth-child(2) button")
    assert column(browser, "Model") == ["noise_gaussian", "ou", "ou", "ou"]
    assert column(browser, "Theta") == ["", "10.0", "9.0", "0.5"]  # rows that are equal keep their order
    assert browser.js(f"{header}.ariaSort") == "none"
    browser.click("#search")
    browser.type("theta=9")
    assert browser.js(NAMES) == ["ou"]


def test_equations_are_set_as_mathematics(browser: Browser, site: Path) -> None:
    browser.view()
    browser.open(site / "models" / "kuramoto.html")
    # A fraction is set with its parts above one another, which a browser without MathML would not do.
    parts = browser.js("[...document.querySelector('mfrac').children].map(e => e.getBoundingClientRect().y)")
    assert parts[1] > parts[0] + 5


def test_the_code_is_copied(browser: Browser, site: Path) -> None:
    browser.view()
    browser.open(site / "models" / "ou.html")
    browser.js("navigator.clipboard.writeText = async text => { window.copied = text }")
    browser.click("[data-copy]")
    browser.wait(lambda: browser.js("window.copied"))
    code = browser.js("window.copied")
    assert code == browser.js("document.querySelector('.code code').textContent")
    space: dict[str, object] = {}
    exec(code, space)
    assert space["series"].shape == (1000, 5, 1)  # type: ignore[attr-defined]
