"use strict";

// Search: every word must occur, every chosen tag must be there. "#q=..." and "#tag=..." in the address preset them.
function setUpSearch(form) {
  const input = form.querySelector("input");
  const buttons = [...form.querySelectorAll("[data-tag]")];
  const items = [...document.querySelectorAll("[data-words]")];

  function show() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const tags = buttons.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.tag);
    let count = 0;
    for (const item of items) {
      const text = item.dataset.words.toLowerCase();
      const own = (item.dataset.tags || "").split(" ");
      item.hidden = !(words.every((word) => text.includes(word)) && tags.every((tag) => own.includes(tag)));
      count += item.hidden ? 0 : 1;
    }
    form.querySelector("[data-count]").textContent = count;
    document.querySelector("[data-none]").hidden = count > 0;
  }

  function readAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    if (given.has("q") || given.has("tag")) {
      input.value = given.get("q") || "";
      const tags = given.getAll("tag");
      buttons.forEach((b) => b.setAttribute("aria-pressed", String(tags.includes(b.dataset.tag))));
      show();
    }
  }

  input.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const button of buttons) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      show();
    });
  }
  addEventListener("hashchange", readAddress);
  readAddress();
  if (input.value) show(); // a browser that went back has kept the words
}

// Sorting: numbers as numbers, the rest as text; empty cells last; equal rows keep their order.
function setUpSort(table) {
  const headers = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];

  function compare(a, b) {
    if (a === "" || b === "") return (a === "") - (b === "");
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, "en", { numeric: true }) : x - y;
  }

  headers.forEach((header, column) => {
    const button = header.querySelector("button");
    if (!button) return;
    button.addEventListener("click", () => {
      const down = header.getAttribute("aria-sort") === "ascending";
      headers.forEach((other) => other.hasAttribute("aria-sort") && other.setAttribute("aria-sort", "none"));
      header.setAttribute("aria-sort", down ? "descending" : "ascending");
      const keyed = [...body.rows].map((row) => [row.cells[column].textContent.trim(), row]);
      keyed.sort(([a], [b]) => (down && a !== "" && b !== "" ? -1 : 1) * compare(a, b));
      body.append(...keyed.map(([, row]) => row));
    });
  });
}

function setUpCopy(button) {
  const code = button.parentElement.querySelector("code");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 1500);
    } catch {
      getSelection().selectAllChildren(code); // no access to the clipboard: leave it selected
    }
  });
}

document.querySelectorAll("[data-search]").forEach(setUpSearch);
document.querySelectorAll("[data-sortable]").forEach(setUpSort);
document.querySelectorAll("[data-copy]").forEach(setUpCopy);
