// Options change their order from day to day, the same on both sides of the card. A tap, or Tab and
// Enter (Shift+Enter where the app keeps Enter for itself), chooses one; the answer says which are
// right. Points can be ticked off. Without scripts, or after an error in one, all stays as written.
(function () {
  "use strict";
  var KEY = "cardwright", chosen, parts = [];

  // Some apps replace the question by the answer, some load a new page for it.
  function recall() {
    try {
      return window[KEY] || JSON.parse(sessionStorage.getItem(KEY)) || {};
    } catch (error) {
      return {};
    }
  }

  function remember() {
    window[KEY] = chosen;
    try {
      sessionStorage.setItem(KEY, JSON.stringify(chosen));
    } catch (error) { /* It may be full, or forbidden. */ }
  }

  function shuffle(list, id) {
    var day = Math.floor((Date.now() / 60000 - new Date().getTimezoneOffset() - 240) / 1440);
    var seed = day, ranked = [];
    for (var i = 0; i < id.length; i++) seed = (Math.imul(seed, 31) + id.charCodeAt(i)) | 0;
    for (i = 0; i < list.children.length; i++) {
      seed = (Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) + 0x297a2d39 + i) | 0;
      ranked.push({ item: list.children[i], rank: (seed ^ (seed >>> 12)) >>> 0 });
    }
    ranked.sort(function (a, b) { return a.rank - b.rank; });
    ranked.forEach(function (option) { list.appendChild(option.item); });
    list.classList.add("shuffled");
  }

  function isRight(item) {
    return item.classList.contains("right");
  }

  function nameLetters(list, test) {
    return [].map.call(list.children, function (item, place) {
      return test(item) ? String.fromCharCode(65 + place) : "";
    }).filter(Boolean).join(", ");
  }

  function addLine(list) {
    var line = list.previousElementSibling;
    if (!line || !line.classList.contains("pick")) {
      line = document.createElement("p");
      line.className = "pick";
      line.textContent = "Choose one.";
      list.parentNode.insertBefore(line, list);
    }
    line.dir = "auto";
    return line;
  }

  function setUp(list) {
    var card = list.closest("[data-id]"), id = card.dataset.id;
    var items = [].slice.call(list.children), rights = items.filter(isRight);
    var isOptions = list.classList.contains("options"), isBack = card.classList.contains("back");
    var single = isOptions && rights.length === 1, key = (isOptions ? "options " : "list ") + id;
    list.classList.add("live");
    if (isOptions) shuffle(list, id);
    var line = isOptions && rights.length ? addLine(list) : null;

    function isChosen(item) {
      return Array.isArray(chosen[key]) && chosen[key].indexOf(items.indexOf(item)) >= 0;
    }

    function paint() {
      items.forEach(function (item) {
        item.classList.toggle("chosen", isChosen(item));
        if (item.getAttribute("role")) item.setAttribute("aria-checked", String(isChosen(item)));
      });
      if (!line || !isBack) return;
      var right = nameLetters(list, isRight), picked = nameLetters(list, isChosen);
      var mark = picked && (picked === right ? " right" : " wrong");
      line.className = "pick verdict" + mark;
      line.textContent = "Right: " + right +
        (mark === " right" ? " – your choice" : mark ? " – your choice: " + picked : "");
    }

    function choose(item) {
      var others = items.filter(function (other) { return other !== item && isChosen(other); });
      var now = isChosen(item) ? others : single ? [item] : others.concat(item);
      chosen[key] = now.map(function (other) { return items.indexOf(other); });
      remember();
      parts.forEach(function (part) { if (part.key === key) part.paint(); });
    }

    function makeTappable(item) {
      // Mobile apps leave a tap on what has this class or an `onclick` to the card.
      item.classList.add("tappable");
      item.tabIndex = 0;
      item.setAttribute("role", single ? "radio" : "checkbox");
      item.onclick = function (event) {
        if (event.target.closest("a, audio, button, summary, video")) return;
        event.stopPropagation();
        choose(item);
        // After a click, the keys are the app's again.
        if (event.detail) item.blur();
      };
      item.onkeydown = function (event) {
        if (event.key !== "Enter" || event.target !== item || event.repeat) return;
        event.preventDefault();
        event.stopPropagation();
        choose(item);
      };
    }

    parts.push({ key: key, paint: paint });
    if (!isOptions || !isBack) {
      list.setAttribute("role", single ? "radiogroup" : "group");
      items.forEach(makeTappable);
    }
    paint();
  }

  try {
    // A question begins with nothing chosen.
    chosen = document.querySelector(".cw.front") ? {} : recall();
    remember();
    var lists = document.querySelectorAll(".cw ul.options, .cw .checklist > ul");
    lists.forEach(function (list) {
      try {
        if (!list.classList.contains("live")) setUp(list);
      } catch (error) { console.error(error); }
    });
  } catch (error) { console.error(error); }
})();
