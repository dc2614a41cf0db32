// Room one: a drawing, what the network makes of it, and what would change its mind.

import {
  ask,
  byId,
  colour,
  curve,
  latest,
  make,
  mix,
  onTheme,
  paint,
  paintSigned,
} from "./common.js";
import { percent, unpack } from "./common.js";

const paper = byId("paper");
const pen = paper.getContext("2d");
const SIDE = paper.width;
const STEPS = 40; // "make it a 3" gives up after so many

let strokes = []; // each a list of points [x, y]
let target = null; // the digit that is asked for; null is the one that comes second
let seen = null; // the last answer
let morphing = false;

// ---- the paper ----

function redraw({ cursor = true } = {}) {
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, SIDE, SIDE);
  pen.strokeStyle = "#111111";
  pen.lineWidth = SIDE / 13;
  pen.lineCap = pen.lineJoin = "round";
  for (const stroke of strokes) {
    pen.beginPath();
    const [x, y] = stroke[0];
    pen.moveTo(x, y);
    pen.lineTo(x + 0.01, y); // a line of no length would not be drawn, and a dot is one
    for (const point of stroke) pen.lineTo(...point);
    pen.stroke();
  }
  if (cursor && document.activeElement === paper && keys.used) drawCursor();
  byId("undo").disabled = byId("clear").disabled = strokes.length === 0;
}

function place(event) {
  const box = paper.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top].map((v) => (v * SIDE) / box.width);
}

paper.addEventListener("pointerdown", (event) => {
  paper.setPointerCapture(event.pointerId);
  keys.used = keys.down = false;
  begin(place(event));
});
paper.addEventListener("pointermove", (event) => {
  if (paper.hasPointerCapture(event.pointerId)) extend(...event.getCoalescedEvents().map(place));
});

function begin(point) {
  strokes.push([point]);
  changed();
}

function extend(...points) {
  strokes.at(-1)?.push(...points);
  changed();
}

function undo() {
  strokes.pop();
  keys.down = false;
  changed();
}

function clear() {
  strokes = [];
  keys.down = false;
  changed();
}

function changed() {
  morphing = false;
  redraw();
  read();
}

byId("undo").addEventListener("click", undo);
byId("clear").addEventListener("click", clear);

// With keys: the arrows move a pen, Space sets it down and lifts it.
const keys = { x: SIDE / 2, y: SIDE / 5, down: false, used: false };
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

paper.addEventListener("keydown", (event) => {
  if (event.key === "z" && (event.ctrlKey || event.metaKey)) undo();
  else if (event.key === "Delete" || event.key === "Backspace") clear();
  else if (event.key === " ") {
    keys.down = !keys.down;
    keys.used = true;
    if (keys.down) begin([keys.x, keys.y]);
  } else if (event.key in MOVES) {
    const [x, y] = MOVES[event.key].map((d) => (d * SIDE) / 28);
    keys.x = Math.min(Math.max(keys.x + x, 0), SIDE);
    keys.y = Math.min(Math.max(keys.y + y, 0), SIDE);
    keys.used = true;
    if (keys.down) extend([keys.x, keys.y]);
  } else return;
  event.preventDefault();
  redraw();
});
paper.addEventListener("blur", redraw);

function drawCursor() {
  pen.beginPath();
  pen.arc(keys.x, keys.y, SIDE / 26, 0, 2 * Math.PI);
  pen.lineWidth = 2;
  pen.strokeStyle = keys.down ? "#b8400a" : "#0b5ea8";
  pen.stroke();
}

// ---- the answer ----

const read = latest(async () => {
  if (strokes.length === 0) return show(null);
  redraw({ cursor: false }); // it is no ink
  const png = paper.toDataURL().split(",")[1];
  redraw();
  show(await ask("read", { png, target }));
});

const look = latest(async () => {
  if (seen) show(await ask("look", { image: seen.image, target }));
});

const bars = Array.from({ length: 10 }, (_, digit) => {
  const [bar, text] = [make("i"), make("span")];
  const row = make("li", {}, make("b", { textContent: digit }), make("div", {}, bar), text);
  byId("bars").append(row);
  return { row, bar, text };
});

function show(answer) {
  seen = answer;
  byId("draw").classList.toggle("empty", !answer);
  const p = answer ? answer.p : Array(10).fill(0);
  const best = p.indexOf(Math.max(...p));
  bars.forEach(({ row, bar, text }, digit) => {
    row.className = answer && digit === best ? "best" : "";
    bar.style.width = `${100 * p[digit]}%`;
    text.textContent = answer ? percent(p[digit]) : "";
  });
  byId("digit").textContent = answer ? best : "?";
  byId("sure").textContent = answer ? `${percent(p[best])} sure` : "Nothing is drawn yet.";
  const wanted = answer ? answer.target : (target ?? 3);
  byId("wanted").textContent = byId("wanted-too").textContent = wanted;
  for (const choice of document.querySelectorAll("#targets input")) {
    choice.checked = Number(choice.value) === wanted;
  }
  byId("morph").disabled = byId("nudge").disabled = !answer;
  pictures();
}

function pictures() {
  const [ground, ink] = ["--picture", "--ink"].map(colour);
  const image = seen ? unpack(seen.image) : new Uint8Array(784);
  paint(byId("seen"), image, (v) => mix(ground, ink, v / 255));
  paintSigned(byId("ink"), seen ? seen.ink : btoa("\0".repeat(784)));
  byId("units").replaceChildren(...(seen ? seen.units.map(unitPicture) : []));
}

function unitPicture({ unit, score, weights }) {
  const canvas = make("canvas", { role: "img", ariaLabel: `weights of unit ${unit}` });
  paintSigned(canvas, weights);
  return make("li", {}, canvas, make("b", { textContent: score.toFixed(2) }), ` unit ${unit}`);
}

// ---- what would change it ----

for (let digit = 0; digit < 10; digit++) {
  const choice = make("input", { type: "radio", name: "target", value: digit });
  byId("targets").append(make("label", {}, choice, make("span", { textContent: digit })));
  choice.addEventListener("change", () => {
    target = digit;
    morphing = false;
    show(seen);
    look();
  });
}

async function nudge() {
  const asked = seen;
  const answer = await ask("nudge", { image: seen.image, target: seen.target });
  if (seen !== asked) return; // somebody has drawn on meanwhile
  target = answer.target;
  show(answer);
}

byId("nudge").addEventListener("click", latest(nudge));
byId("morph").addEventListener(
  "click",
  latest(async () => {
    morphing = true;
    for (let step = 0; step < STEPS && morphing && seen; step++) {
      await nudge();
      if (seen.p[seen.target] > 0.95) break;
      await new Promise((go) => setTimeout(go, 120));
    }
    morphing = false;
  }),
);

// ---- the training ----

const first = Array.from({ length: 24 }, () => make("canvas"));
byId("first").append(...first);
let timer = null;

const watch = latest(async () => {
  const { file, learning, epoch, epochs, loss, accuracy, valid, units } = await ask("training");
  first.forEach((canvas, i) => (canvas.hidden = !units[i]) || paintSigned(canvas, units[i]));
  byId("learning").textContent = learning
    ? `It is learning at this moment: epoch ${Math.min(epoch + 1, epochs)} of ${epochs}.`
    : file
      ? `It was read from ${file}.`
      : `It has learnt from 8,000 digits, ${epochs} times from each.`;
  byId("training").classList.toggle("live", learning);
  byId("curves").hidden = Boolean(file);
  if (loss.length) {
    curve(byId("loss"), loss, Math.max(...loss));
    curve(byId("accuracy"), accuracy, 1, Math.min(...accuracy));
    byId("loss-now").textContent = loss.at(-1).toFixed(3);
    byId("accuracy-now").textContent = percent(accuracy.at(-1));
  }
  byId("valid-now").textContent = valid.length ? percent(valid.at(-1)) : "after the first epoch";
  if (learning && timer) {
    if (seen && !morphing) look();
    clearTimeout(timer);
    timer = setTimeout(watch, 400);
  }
});

export function enter() {
  timer = setTimeout(watch);
}

export function leave() {
  clearTimeout(timer);
  timer = null;
  morphing = false;
}

onTheme(() => {
  pictures();
  watch();
});
redraw();
show(null);
