// The order of the options changes from day to day and is the same on both sides of the card;
// without scripts they stay as written.
(function () {
  var day = Math.floor((Date.now() / 60000 - new Date().getTimezoneOffset() - 240) / 1440);
  document.querySelectorAll(".cw ul.options:not(.shuffled)").forEach(function (list) {
    var seed = day, id = list.closest("[data-id]").dataset.id, options = [];
    for (var i = 0; i < id.length; i++) seed = (Math.imul(seed, 31) + id.charCodeAt(i)) | 0;
    for (i = 0; i < list.children.length; i++) {
      seed = (Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) + 0x297a2d39 + i) | 0;
      options.push({ item: list.children[i], rank: (seed ^ (seed >>> 12)) >>> 0 });
    }
    options.sort(function (a, b) { return a.rank - b.rank; });
    options.forEach(function (option) { list.appendChild(option.item); });
    list.classList.add("shuffled");
  });
})();
