"""The site as files: pages, links, labels, and nothing that is loaded from elsewhere."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from gallery.conftest import MODELS as SHOWN
from gallery.page import Page

from pymts.cli.app import run
from pymts.datasets import load_grid
from pymts.gallery.checks import CHECKS
from pymts.gallery.configurations import MAX_ROWS
from pymts.models.registry import MODELS

LOADS = {"img": "src", "source": "srcset", "script": "src", "link": "href", "iframe": "src", "use": "href"}


def pages(site: Path) -> Iterator[Page]:
    return map(Page, sorted(site.rglob("*.html")))


def test_every_page_is_well_formed_and_can_be_read_aloud(site: Path) -> None:
    found = list(pages(site))
    assert len(found) == 1 + len(SHOWN) + 2
    for page in found:
        assert page.source.startswith("<!DOCTYPE html>\n<html lang=")
        assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
        assert len(set(page.ids)) == len(page.ids)
        assert all(image.attributes["alt"] for image in page.all("img") if "icon" not in image.attributes["src"])
        assert all(image.attributes["aria-label"] for image in page.all("svg"))
        assert {label.attributes["for"] for label in page.all("label")} == {
            one.attributes["id"] for one in page.all("input")
        }
        assert all(one.text.strip() for tag in ("a", "button", "th", "h2") for one in page.all(tag))
        for one in page.elements:
            assert one.attributes.get("aria-labelledby", page.ids[0]) in page.ids


def test_every_link_leads_somewhere(site: Path) -> None:
    by_path = {page.path.resolve(): page for page in pages(site)}
    reached = set()
    for page in by_path.values():
        for one in page.elements:
            for attribute in ("href", "src", "srcset"):
                address = one.attributes.get(attribute, "")
                if not address or address.startswith("https://doi.org/10."):
                    continue
                path, fragment = urldefrag(address)
                target = (page.path.parent / unquote(path)).resolve() if path else page.path.resolve()
                assert target.is_file(), (page.path.name, address)
                reached.add(target)
                if fragment and "=" not in fragment:
                    assert fragment in by_path[target].ids
    files = {path.resolve() for path in site.rglob("*") if path.is_file()} - {(site / "gallery.json").resolve()}
    assert reached == files  # and nothing lies about that no page shows


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in pages(site):
        for one in page.elements:
            assert not re.match(r"(https?:)?//", one.attributes.get(LOADS.get(one.tag, ""), ""))
            assert not any(name.startswith("on") for name in one.attributes)
        assert all(one.attributes.get("rel") == "external" for one in page.all("a") if "//" in one.attributes["href"])
    for path in [*site.rglob("*.css"), *site.rglob("*.js"), *site.rglob("*.svg")]:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"//\w|url\(|@import|fetch\(|XMLHttp", re.sub(r"^//.*$", "", text, flags=re.MULTILINE)), (
            path
        )


def test_the_pictures_are_small_and_whole(site: Path) -> None:
    for path in site.rglob("*.svg"):
        ET.parse(path)
    for path in (site / "images").iterdir():
        assert path.read_bytes()[8:12] == b"WEBP"
    assert {path.name.partition("-")[0] for path in (site / "images").iterdir()} == set(SHOWN)
    assert sum(path.stat().st_size for path in site.rglob("*")) < 1_000_000


@pytest.mark.parametrize("name", SHOWN)
def test_the_page_of_a_model_tells_what_the_registry_knows(site: Path, name: str) -> None:
    page, model = Page(site / "models" / f"{name}.html"), MODELS[name]
    text = " ".join(page.all("main")[0].text.split())
    assert page.all("h1")[0].text == name
    assert model.summary in text
    rows = [one.text for one in page.all("th", scope="row")]
    fields = [field for field in model.params.model_fields if field not in rows]
    assert fields == []
    assert sorted(rows) == sorted([*model.params.model_fields, *model.truth])
    assert page.all("math")
    assert f"from pymts.datasets import make_{name}" in text
    assert all(doi in page.source for doi in re.findall(r"https://doi.org/10\.[^\s\"]*\w", page.source))
    assert page.source.count("https://doi.org/10.") == model.reference.count("doi:10.")
    assert {tag.text for tag in page.all("a", **{"class": "label"})} == set(model.tags)


@pytest.mark.parametrize("name", SHOWN)
def test_the_check_is_that_of_the_library(site: Path, name: str) -> None:
    label, theory, measured, error = CHECKS[name]()
    (figure,) = Page(site / "models" / f"{name}.html").all("svg")
    assert figure.attributes["aria-label"].startswith(label)
    numbers = re.findall(r"(?:Theory|measured|error) (\S*\d)", figure.attributes["aria-label"])
    shown = [float(number.replace("\u2212", "-")) for number in numbers]
    assert shown == pytest.approx([theory, measured, error], abs=error / 2)
    assert abs(measured - theory) < 5 * error


def test_every_model_is_checked_and_has_a_page_unless_some_are_named() -> None:
    from pymts.cli.gallery import _models

    assert set(CHECKS) == set(MODELS)
    assert [model.name for model in _models([])] == sorted(MODELS)


def test_the_index_lists_models_and_collections(site: Path) -> None:
    index = Page(site / "index.html")
    cards = index.all("li", **{"class": "card"})
    assert [card.attributes["data-words"].split()[0] for card in cards] == sorted(SHOWN)
    tags = {tag for name in SHOWN for tag in MODELS[name].tags}
    assert {button.text for button in index.all("button")} == tags
    links = [one.attributes["href"] for one in index.all("a")]
    assert [link for link in links if "collections" in link] == ["collections/data.html", "collections/some-grid.html"]


def test_the_pages_of_a_store_and_a_grid_list_their_configurations(site: Path) -> None:
    store, grid = (Page(site / "collections" / f"{slug}.html") for slug in ("data", "some-grid"))
    stored = load_grid([{"model": "lorenz", "M": 3, "T": [20, 30, 100]}], cache=False)
    for page, expected in (
        (store, stored.config_ids),
        (grid, load_grid(site.parent / "some grid.yaml", cache=False).config_ids),
    ):
        cells = [one.text for one in page.all("td", **{"class": "id"})]
        assert sorted(cells) == sorted(expected)
        assert len({one.attributes["src"] for one in page.all("img") if "thumbs" in one.attributes["src"]}) == 3
    assert [one.text for one in store.all("td", **{"data-name": "T"})] == ["100", "20", "30"]  # by name, as text
    assert sorted(one.text for one in grid.all("td", **{"data-name": "Theta"})) == ["", "0.5", "2.0"]
    linked = {one.text for one in grid.all("a") if "models/" in one.attributes["href"]}
    assert linked == {"ou"}  # noise_gaussian has no page on this site


def refusal(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert run(["gallery", *options]) == 2
    return capsys.readouterr().err


def test_what_cannot_be_shown_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = str(tmp_path / "site")
    assert "did you mean 'kuramoto'?" in refusal(capsys, "-o", out, "--model", "kuramto")
    (tmp_path / "empty").mkdir()
    assert "empty contains no datasets" in refusal(capsys, "-o", out, "--store", str(tmp_path / "empty"))
    assert "none.yaml" in refusal(capsys, "-o", out, "-c", str(tmp_path / "none.yaml"))
    grid = tmp_path / "large.yaml"
    grid.write_text(f"configs: [{{model: var, seed: {list(range(MAX_ROWS + 1))}}}]")
    said = refusal(capsys, "-o", out, "-c", str(grid))
    assert said == (
        f"pymts: large.yaml has {MAX_ROWS + 1} configurations, but a page shows at most {MAX_ROWS}; "
        "split it into smaller ones\n"
    )
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    said = refusal(capsys, "-o", out, "--model", "ou")
    assert said == (
        "pymts: the gallery needs jinja2, which is not installed; install it with pip install 'pymts[gallery]'\n"
    )
    assert not Path(out).exists()


def test_json_says_where_the_pages_are_and_another_run_gives_the_same_bytes(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = tmp_path / "site"
    grid = str(site.parent / "some grid.yaml")
    assert run(["gallery", "-o", str(again), "--model", "noise_cauchy", "-c", grid, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["path"] == str(again)
    assert said["pages"] == ["index.html", "models/noise_cauchy.html", "collections/some-grid.html"]
    files = [path for path in again.rglob("*") if path.is_file()]
    assert said["bytes"] == sum(path.stat().st_size for path in files)
    for path in files:
        first, second = path.read_bytes(), (site / path.relative_to(again)).read_bytes()
        if path.parent == again / "models":  # the steps to the neighbours differ
            first, second = (re.sub(rb"(?s)<nav.*?</nav>", b"", text) for text in (first, second))
        if path.parent == again / "collections":  # and so does whether a model has a page
            first, second = (re.sub(rb"</?a\b.*?>", b"", text) for text in (first, second))
        assert first == second or path.name in {"index.html", "gallery.json"}, path
