// Enhancement only: every page works without it.
"use strict";
for (const select of document.querySelectorAll("select[data-go]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}
const map = document.querySelector("[data-map]");
if (map) {
  const areas = [...map.querySelectorAll("a")];
  const status = document.querySelector("[data-status]");
  const middle = (area) => {
    const box = area.querySelector("path").getBBox();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const go = (area) => {
    for (const each of areas) each.tabIndex = each === area ? 0 : -1;
    area.focus({ preventScroll: true });
  };
  // One stop for Tab; arrows go to the nearest area on that side.
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const beside = (from, [right, down]) => {
    const [x, y] = middle(from);
    let best = null;
    let least = Infinity;
    for (const to of areas) {
      if (to === from) continue;
      const [tx, ty] = middle(to);
      const ahead = (tx - x) * right + (ty - y) * down;
      const aside = Math.abs((tx - x) * down) + Math.abs((ty - y) * right);
      const far = ahead + 2 * aside;
      if (ahead > 0 && aside <= 2 * ahead && far < least) [best, least] = [to, far];
    }
    return best;
  };
  const first = map.querySelector("[aria-current]") || areas[0];
  for (const area of areas) {
    area.tabIndex = area === first ? 0 : -1;
    const say = () => { status.textContent = area.getAttribute("aria-label"); };
    area.addEventListener("focus", say);
    area.addEventListener("mouseenter", say);
  }
  map.addEventListener("keydown", (event) => {
    const from = event.target.closest("a");
    const way = ways[event.key];
    if (!from || !way) return;
    event.preventDefault();
    const to = beside(from, way);
    if (to) go(to);
  });
}
if (map) {
  // Small areas can be looked at closely; the picture never leaves its frame.
  const whole = map.viewBox.baseVal;
  const [left, top, wide, high] = [whole.x, whole.y, whole.width, whole.height];
  let times = 1;
  const zoom = (by) => {
    const on = document.activeElement?.closest("[data-map] a") || map.querySelector("[aria-current]");
    const box = on ? on.querySelector("path").getBBox() : { x: left, y: top, width: wide, height: high };
    times = Math.min(Math.max(times * by, 1), 8);
    const [w, h] = [wide / times, high / times];
    const x = Math.min(Math.max(box.x + box.width / 2 - w / 2, left), left + wide - w);
    const y = Math.min(Math.max(box.y + box.height / 2 - h / 2, top), top + high - h);
    map.setAttribute("viewBox", [x, y, w, h].join(" "));
  };
  const buttons = document.createElement("p");
  buttons.className = "zoom";
  for (const [sign, by] of [["+", 2], ["\u2212", 0.5]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = sign;
    button.setAttribute("aria-label", map.dataset[by > 1 ? "nearer" : "farther"]);
    button.addEventListener("mousedown", (event) => event.preventDefault()); // the area keeps the focus
    button.addEventListener("click", () => zoom(by));
    buttons.append(button);
  }
  map.before(buttons);
}
