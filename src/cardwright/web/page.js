"use strict";
(() => {
  const root = document.documentElement;
  const darkSystem = matchMedia("(prefers-color-scheme: dark)");
  const names = ["q", "kind", "lesson", "view", "theme"];
  const version = root.dataset.version;
  const signs = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: " " };
  const policy = window.trustedTypes?.createPolicy("cards", { createHTML: (html) => html });
  const wait = window.requestIdleCallback ?? setTimeout;
  let form;
  let batches;
  let prompts;
  let turns;
  // The prompt shown in the view of one by one, and whether its answer is.
  let current;
  let isFlipped = false;
  // What is played, one after the other, and all that was.
  let playing;
  let sounding = [];

  const readHash = () => new URLSearchParams(location.hash.slice(1));

  function unescape(html) {
    return html.replace(/&(?:#(x?)([0-9a-f]{1,6})|([a-z]+));/gi, (all, hex, digits, name) => {
      const number = parseInt(digits, hex ? 16 : 10);
      return number <= 0x10ffff ? String.fromCodePoint(number) : (signs[name] ?? all);
    });
  }

  // The elements of thousands of cards take a browser seconds. Until it has made those of a batch, its
  // prompts are text in a `noscript`, which without scripts is no text but the prompts.
  function readBatch(element) {
    const html = element.querySelector("noscript")?.textContent ?? element.innerHTML;
    const batch = { element, html, isMade: false };
    batch.prompts = html.split('<section class="prompt"').slice(1).map((own) => {
      const [head, ...values] = own.match(/^ data-ref="([^"]*)" data-kind="([^"]*)" data-lesson="([^"]*)">/);
      const [ref, kind, lesson] = values.map(unescape);
      return { batch, html: own.slice(head.length), ref, kind, lesson, fits: true };
    });
    return batch;
  }

  const readPages = (html) => [...html.matchAll(/ srcdoc="([^"]*)"/g)].map(([, page]) => unescape(page));

  function readText(html) {
    const frames = readPages(html).map((page) => {
      const shown = page.slice(page.indexOf("</style>"));
      return shown.replace(/<(?=br|hr|div|p|li|h\d|t[dhr])/gi, " <");
    });
    return unescape([html, ...frames].join(" ").replace(/<[^<>]*>/g, "")).trim();
  }

  const trust = (html) => policy?.createHTML(html) ?? html;

  // Frames share their stylesheets, which would be most of the page. Without scripts, they have none.
  function dress(frame) {
    const sheets = document.querySelectorAll("script[type='text/css']");
    return frame.replace(/ data-style="(\d+)"(.*?&lt;style&gt;)/s, (all, place, start) => start + sheets[place].textContent);
  }

  // A frame takes as long as a hundred cards without one. Its text stands in for it until it is seen.
  const held = new WeakMap();
  const watcher = new IntersectionObserver(
    (seen) => {
      for (const { isIntersecting, target } of seen) {
        if (isIntersecting) target.outerHTML = trust(dress(held.get(target)));
      }
    },
    { rootMargin: "50%" },
  );

  function make(batch) {
    if (batch.isMade) return;
    const { element } = batch;
    const frames = [];
    const html = batch.html.replace(/<iframe .*?<\/iframe>/gs, (frame) => {
      frames.push(frame);
      return '<div class="card frame"></div>';
    });
    element.innerHTML = trust(html);
    element.querySelectorAll(".faces > .frame").forEach((standIn, place) => {
      standIn.textContent = readText(frames[place]);
      held.set(standIn, frames[place]);
      watcher.observe(standIn);
    });
    element.style.height = "";
    batch.isMade = true;
    batch.prompts.forEach((prompt, place) => {
      prompt.element = element.children[place];
      prompt.element.hidden = !prompt.fits;
    });
    // To the scripts of the cards, the batch is their whole document.
    const detail = {
      querySelector: (selector) => element.querySelector(selector),
      querySelectorAll: (selector) => element.querySelectorAll(selector),
      createElement: (name) => document.createElement(name),
    };
    dispatchEvent(new CustomEvent("prompts", { detail }));
  }

  function makeSeen() {
    if (current) return;
    for (const batch of batches) {
      if (batch.isMade || batch.element.hidden) continue;
      const { top, bottom } = batch.element.getBoundingClientRect();
      if (top > 2 * innerHeight) return;
      if (bottom > -innerHeight) make(batch);
    }
  }

  const makeAll = () => batches.forEach(make);

  function makeRest(idle) {
    do {
      const next = batches.find((batch) => !batch.isMade);
      if (!next) return;
      make(next);
    } while (idle?.timeRemaining() > 20);
    wait(makeRest);
  }

  function paint() {
    const theme = readHash().get("theme");
    root.classList.toggle("nightMode", theme ? theme === "dark" : darkSystem.matches);
  }

  function filter() {
    const words = form.elements.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kind = form.elements.kind.value;
    const lesson = form.elements.lesson.value;
    let shown = 0;
    for (const batch of batches) {
      let shownOfBatch = 0;
      for (const prompt of batch.prompts) {
        prompt.fits = (!kind || prompt.kind === kind) && (!lesson || prompt.lesson === lesson);
        if (prompt.fits && words.length) {
          prompt.text ??= readText(prompt.html).toLowerCase();
          prompt.fits = words.every((word) => prompt.text.includes(word));
        }
        if (prompt.element) prompt.element.hidden = !prompt.fits;
        shownOfBatch += prompt.fits;
      }
      batch.element.hidden = !shownOfBatch;
      // As much as its prompts will take while they are out of sight.
      if (!batch.isMade) batch.element.style.height = `${shownOfBatch * 25.5}rem`;
      shown += shownOfBatch;
    }
    for (const deck of document.querySelectorAll(".deck")) {
      deck.hidden = !deck.querySelector(".batch:not([hidden])");
    }
    const all = prompts.length.toLocaleString("en");
    const some = shown === prompts.length ? "" : `${shown.toLocaleString("en")} of `;
    const counter = document.querySelector(".count");
    counter.value = `${some}${all} ${counter.dataset.noun}${prompts.length === 1 ? "" : "s"}`;
    document.querySelector(".none").hidden = shown > 0;
    turn();
    makeSeen();
  }

  const listShown = () => prompts.filter(({ fits }) => fits);

  function clear() {
    silence();
    document.querySelector(".current")?.classList.remove("current", "flipped");
  }

  // What was played belongs to the side that was shown.
  function silence() {
    playing = undefined;
    for (const media of [...sounding, ...document.querySelectorAll("audio, video")]) media.pause();
    sounding = [];
    // Nothing reaches into the frame of an adopted card, but a new one is silent.
    for (const frame of document.querySelectorAll(".current iframe")) {
      if (/<(audio|video)\b/.test(frame.srcdoc)) frame.replaceWith(frame.cloneNode());
    }
  }

  function turn() {
    const isOn = form.elements.view.value === "flip";
    const shown = isOn ? listShown() : [];
    const before = current;
    clear();
    root.classList.toggle("flip", isOn);
    turns.hidden = !isOn;
    if (before && !isOn) {
      current = undefined;
      bring(before);
    }
    if (!isOn) return;
    current = shown.includes(current) ? current : shown[0];
    isFlipped &&= current === before;
    const place = shown.indexOf(current);
    turns.querySelector("output").value = `${place + 1} of ${shown.length.toLocaleString("en")}`;
    const { back, flip, next, play } = Object.fromEntries([...turns.querySelectorAll("button")].map((b) => [b.name, b]));
    flip.textContent = isFlipped ? "Show the question" : "Show the answer";
    back.disabled = place <= 0;
    next.disabled = place + 1 >= shown.length;
    flip.disabled = !current;
    play.hidden = true;
    if (!current) return;
    make(current.batch);
    play.hidden = !listSounds().length;
    current.element.classList.add("current");
    current.element.classList.toggle("flipped", isFlipped);
    const state = readHash();
    state.set("at", current.ref);
    if (isFlipped) state.set("side", "answer");
    else state.delete("side");
    history.replaceState(null, "", `#${state}`);
  }

  function show(prompt, side) {
    if (!prompt) return;
    current = prompt;
    isFlipped = side;
    turn();
    scrollTo(0, 0);
  }

  function move(step) {
    const shown = listShown();
    show(shown[shown.indexOf(current) + step], false);
  }

  const goOn = () => (isFlipped ? move(1) : show(current, true));

  // Nothing reaches into the frame of an adopted card: its sounds are played from here.
  function listMedia(face) {
    const [page] = held.has(face) ? readPages(held.get(face)) : [face.srcdoc];
    if (page === undefined) return [...face.querySelectorAll("audio, video")];
    const found = page.matchAll(/<(?:audio|video)\b[^<>]* src="(data:(?:audio|video)\/[^"]*)"/g);
    return [...found].map(([, address]) => new Audio(unescape(address)));
  }

  // As in Anki, the answer's own sounds.
  function listSounds() {
    const [asked, told] = [...current.element.querySelectorAll(".faces > *")].map(listMedia);
    const isAsked = ({ src }) => asked.some((media) => media.src === src);
    const own = told.filter((media) => !isAsked(media));
    return !isFlipped ? asked : own.length ? own : told;
  }

  function play() {
    silence();
    const left = listSounds();
    playing = left;
    sounding = [...left];
    const playNext = () => {
      if (playing !== left) return;
      const next = left.shift();
      next?.addEventListener("ended", playNext, { once: true });
      next?.play();
    };
    playNext();
  }

  const acts = {
    " ": goOn,
    Enter: goOn,
    ArrowRight: () => move(1),
    j: () => move(1),
    ArrowLeft: () => move(-1),
    k: () => move(-1),
    p: play,
  };

  function press(event) {
    const { key, target, ctrlKey, metaKey, altKey } = event;
    if (!current || !(key in acts) || event.defaultPrevented || ctrlKey || metaKey || altKey) return;
    const isGoingOn = acts[key] === goOn;
    const takesKeys = "input, select, textarea, audio, video";
    const takesSpace = "a, button, summary, [tabindex]";
    if (target.closest(isGoingOn ? `${takesKeys}, ${takesSpace}` : takesKeys)) return;
    const isMore = scrollY + innerHeight < document.documentElement.scrollHeight - 1;
    // The rest of a long answer comes first.
    if (key === " " && isFlipped && isMore) return;
    event.preventDefault();
    acts[key]();
  }

  function restore() {
    const state = readHash();
    for (const name of names) {
      const control = form.elements[name];
      control.value = state.get(name) ?? "";
      // A kind or lesson that is no longer there must not hide every card.
      if (control.selectedIndex === -1) control.value = "";
    }
    current = prompts.find(({ ref }) => ref === state.get("at"));
    isFlipped = state.get("side") === "answer";
    paint();
    filter();
  }

  function save() {
    if (form.elements.view.value && !current) current = findFirst();
    const state = new URLSearchParams();
    for (const name of names) {
      const value = form.elements[name].value;
      if (value) state.set(name, value);
    }
    history.replaceState(null, "", `#${state}`);
    paint();
    filter();
  }

  const findFirst = () =>
    prompts.find(({ element }) => element?.getBoundingClientRect().bottom > 0);

  function findPlace() {
    const first = findFirst();
    const top = first?.element.getBoundingClientRect().top;
    return { at: first && scrollY > 0 ? first.ref : null, top };
  }

  function restorePlace() {
    const saved = sessionStorage.getItem("place");
    if (!saved) return;
    sessionStorage.removeItem("place");
    const { at, top } = JSON.parse(saved);
    const found = prompts.find(({ ref }) => ref === at);
    if (!found) return;
    bring(found, top);
  }

  function bring(prompt, top = parseFloat(getComputedStyle(root).scrollPaddingTop) || 0) {
    make(prompt.batch);
    let frames = 8;
    const settle = () => {
      scrollBy(0, prompt.element.getBoundingClientRect().top - top);
      // Cards get their real height as they come into view.
      if (frames--) requestAnimationFrame(settle);
    };
    settle();
  }

  function jump(event) {
    const { at } = event.target.closest("[data-at]")?.dataset ?? {};
    const prompt = prompts.find(({ ref }) => ref === at);
    if (!prompt) return;
    event.preventDefault();
    if (!prompt.fits) {
      for (const name of ["q", "kind", "lesson"]) form.elements[name].value = "";
      save();
    }
    bring(prompt);
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
    batches = [...document.querySelectorAll(".batch")].map(readBatch);
    prompts = batches.flatMap((batch) => batch.prompts);
    turns = document.querySelector(".turns");
    turns.addEventListener("click", ({ target }) => {
      ({ back: () => move(-1), flip: () => show(current, !isFlipped), next: () => move(1), play })[target.name]?.();
    });
    document.querySelector(".list")?.addEventListener("click", jump);
    form.addEventListener("input", save);
    form.addEventListener("submit", (event) => event.preventDefault());
    addEventListener("hashchange", restore);
    restore();
    if (version) {
      history.scrollRestoration = "manual";
      restorePlace();
      poll();
    }
    addEventListener("scroll", makeSeen, { passive: true });
    addEventListener("resize", makeSeen);
    addEventListener("beforeprint", makeAll);
    addEventListener("keydown", press);
    addEventListener("keydown", ({ key, ctrlKey, metaKey }) => {
      // The browser is about to search in the page.
      if (key.toLowerCase() === "f" && (ctrlKey || metaKey)) makeAll();
    });
    addEventListener("load", () => wait(makeRest));
  });
})();
