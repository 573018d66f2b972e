"use strict";
(() => {
  const root = document.documentElement;
  const darkSystem = matchMedia("(prefers-color-scheme: dark)");
  const names = ["q", "kind", "lesson", "theme"];
  const version = root.dataset.version;
  let form;
  let prompts;

  const readHash = () => new URLSearchParams(location.hash.slice(1));

  function paint() {
    const theme = readHash().get("theme");
    root.classList.toggle("nightMode", theme ? theme === "dark" : darkSystem.matches);
  }

  function filter() {
    const words = form.elements.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kind = form.elements.kind.value;
    const lesson = form.elements.lesson.value;
    let shown = 0;
    for (const prompt of prompts) {
      const { element } = prompt;
      let fits =
        (!kind || element.dataset.kind === kind) && (!lesson || element.dataset.lesson === lesson);
      if (fits && words.length) {
        prompt.text ??= element.textContent.toLowerCase();
        fits = words.every((word) => prompt.text.includes(word));
      }
      element.hidden = !fits;
      shown += fits;
    }
    for (const deck of document.querySelectorAll(".deck")) {
      deck.hidden = !deck.querySelector(".prompt:not([hidden])");
    }
    const all = prompts.length.toLocaleString("en");
    const some = shown === prompts.length ? "" : `${shown.toLocaleString("en")} of `;
    document.querySelector(".count").value = `${some}${all} ${prompts.length === 1 ? "prompt" : "prompts"}`;
    document.querySelector(".none").hidden = shown > 0;
  }

  function restore() {
    const state = readHash();
    for (const name of names) {
      const control = form.elements[name];
      control.value = state.get(name) ?? "";
      // A kind or lesson that is no longer there must not hide every card.
      if (control.selectedIndex === -1) control.value = "";
    }
    paint();
    filter();
  }

  function save() {
    const state = new URLSearchParams();
    for (const name of names) {
      const value = form.elements[name].value;
      if (value) state.set(name, value);
    }
    history.replaceState(null, "", `#${state}`);
    paint();
    filter();
  }

  function findPlace() {
    const first = prompts.find(({ element }) => element.getBoundingClientRect().bottom > 0);
    const top = first?.element.getBoundingClientRect().top;
    return { at: first && scrollY > 0 ? first.element.dataset.ref : null, top };
  }

  function restorePlace() {
    const saved = sessionStorage.getItem("place");
    if (!saved) return;
    sessionStorage.removeItem("place");
    const { at, top } = JSON.parse(saved);
    const found = prompts.find(({ element }) => element.dataset.ref === at);
    if (!found) return;
    let frames = 8;
    const settle = () => {
      scrollBy(0, found.element.getBoundingClientRect().top - top);
      // Cards get their real height as they come into view.
      if (frames--) requestAnimationFrame(settle);
    };
    settle();
  }

  async function poll() {
    try {
      const answer = await fetch("/version", { cache: "no-store" });
      if (answer.ok && (await answer.text()) !== version) {
        sessionStorage.setItem("place", JSON.stringify(findPlace()));
        location.reload();
        return;
      }
      root.classList.remove("lost");
    } catch {
      root.classList.add("lost");
    }
    setTimeout(poll, 400);
  }

  paint();
  darkSystem.addEventListener("change", paint);
  addEventListener("DOMContentLoaded", () => {
    form = document.querySelector(".filters");
    prompts = [...document.querySelectorAll(".prompt")].map((element) => ({ element }));
    form.addEventListener("input", save);
    form.addEventListener("submit", (event) => event.preventDefault());
    addEventListener("hashchange", restore);
    restore();
    if (version) {
      history.scrollRestoration = "manual";
      restorePlace();
      poll();
    }
  });
})();
