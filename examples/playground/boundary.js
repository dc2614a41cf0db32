// Room three: points of two classes, and how a small network learns to tell them apart.

import { ask, byId, colour, curve, latest, make, mix, number, onTheme, paint } from "./common.js";
import { percent, unpack } from "./common.js";

const plane = byId("plane");
const SIDE = plane.width;
const map = document.createElement("canvas"); // the network's answers, a pixel for each
const STARTS = {
  glorot: "glorot_uniform",
  he: "he_normal",
  zeros: "zeros",
  large: { class_name: "RandomNormal", config: { stddev: 5 } },
};
const SAID = {
  glorot:
    "Glorot: random, and smaller the more inputs and outputs a layer has, so that neither the " +
    "numbers nor the gradients grow or fade from layer to layer.",
  he: "He: a little larger than Glorot, since relu silences half of the units.",
  zeros:
    "Zeros: all units of a layer compute the same and get the same gradient, so they stay the " +
    "same for ever. With relu the gradient is 0 as well: only the last b moves.",
  large:
    "Too large: the network starts very sure and mostly wrong. With tanh or sigmoid its units " +
    "are stuck where they are flat, and hardly any gradient comes back.",
};
const OPTIMIZERS = { adam: "Adam", rmsprop: "RMSprop", sgd: "SGD" };

let points = []; // {x, y, label}, x and y from -1 to 1
let model = null; // its weights and the optimizer's memory, as the server sent them last
let losses = [];
let running = false;
let layers = [16, 16];
const cursor = { x: 0, y: 0, used: false };

// ---- points

/** Return a random function that gives the same numbers each time: mulberry32. */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SETS = {
  spiral(label, share, noise) {
    const angle = 4.2 * share + Math.PI * label + 0.25 * noise();
    return [(0.1 + 0.8 * share) * Math.cos(angle), (0.1 + 0.8 * share) * Math.sin(angle)];
  },
  rings(label, share, noise) {
    const [angle, radius] = [2 * Math.PI * share, (label ? 0.75 : 0.3) + 0.09 * noise()];
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  },
  xor(label, share, noise) {
    const [x, y] = [0.47 + 0.36 * noise(), 0.47 + 0.36 * noise()];
    const side = share < 0.5 ? 1 : -1;
    return [side * x, (label ? -side : side) * y];
  },
};

function deal(name) {
  const chance = random(7);
  const noise = () => 2 * chance() - 1;
  points = [];
  if (name in SETS) {
    for (let i = 0; i < 160; i++) {
      const [x, y] = SETS[name](i % 2, (i >> 1) / 80, noise);
      points.push({ x, y, label: i % 2 });
    }
  }
  startAnew();
}

// ---- asking tinynet

function question(steps) {
  return {
    points: points.map(({ x, y }) => [x, y]),
    labels: points.map(({ label }) => label),
    units: layers,
    activation: byId("activation").value,
    start: STARTS[byId("start").value],
    optimizer: { class_name: OPTIMIZERS[byId("solver").value], config: { learning_rate: rate() } },
    steps,
    ...model,
  };
}

const rate = () => Number((10 ** byId("solver-rate").value).toPrecision(2));

/** Take some steps, and show where they led. */
async function advance(steps) {
  if (points.length === 0) {
    running = false;
    return show(null);
  }
  const asked = model;
  const answer = await ask("train", question(steps));
  if (model !== asked) return; // it has been started anew meanwhile
  model = { weights: answer.weights, memory: answer.memory };
  losses.push(answer.loss);
  show(answer);
}

/** Train until somebody says pause. */
const train = latest(async () => {
  try {
    while (running) {
      await advance(5);
      await new Promise(requestAnimationFrame);
    }
  } catch (error) {
    running = false;
    throw error;
  } finally {
    showRunning();
  }
});

const once = latest(advance);

function startAnew() {
  model = null;
  losses = [];
  once(0);
}

// ---- what is shown

function show(answer) {
  const steps = model ? model.memory.iterations : 0;
  byId("plane-steps").textContent = steps;
  byId("plane-loss").textContent = answer ? number(answer.loss) : "–";
  byId("plane-accuracy").textContent = answer ? percent(answer.accuracy) : "–";
  if (answer) {
    map.values = unpack(answer.map);
    showNorms(steps ? answer.norms : []);
  } else map.values = null;
  curve(byId("plane-curve"), losses.slice(-1000), Math.max(...losses, 0.1));
  byId("plane-top").textContent = losses.length ? number(Math.max(...losses), 2) : "";
  draw();
}

function showNorms(norms) {
  const rows = norms.map((norm, i) => {
    const bar = make("i");
    // From 1e-6 to 100, a tenfold gradient is an eighth of the way.
    bar.style.width = `${100 * Math.min(Math.max((Math.log10(norm || 1e-9) + 6) / 8, 0), 1)}%`;
    const name = i < norms.length - 1 ? `hidden ${i + 1}` : "output";
    return make(
      "li",
      {},
      make("b", { textContent: name }),
      make("div", {}, bar),
      make("span", { textContent: norm ? number(norm) : "0" }),
    );
  });
  byId("norms").replaceChildren(...rows);
  byId("norms-none").hidden = norms.length > 0;
}

function draw() {
  const pen = plane.getContext("2d");
  const [ground, zero, one, ink] = ["--picture", "--forward", "--backward", "--ink"].map(colour);
  const css = (c) => `rgb(${c.map(Math.round).join(" ")})`;
  pen.fillStyle = css(ground);
  pen.fillRect(0, 0, SIDE, SIDE);
  if (map.values) {
    paint(map, map.values, (v) =>
      mix(ground, v < 127.5 ? zero : one, 0.55 * Math.abs(v / 127.5 - 1)),
    );
    pen.imageSmoothingEnabled = true;
    pen.drawImage(map, 0, 0, SIDE, SIDE);
  }
  for (const { x, y, label } of points)
    dot(pen, toPixels(x, y), label, css(label ? one : zero), css(ground));
  if (cursor.used && document.activeElement === plane) {
    const [x, y] = toPixels(cursor.x, cursor.y);
    pen.strokeStyle = css(ink);
    pen.lineWidth = 3;
    pen.strokeRect(x - 14, y - 14, 28, 28);
  }
}

const toPixels = (x, y) => [((x + 1) * SIDE) / 2, ((1 - y) * SIDE) / 2];

/** Draw a point: a disc for class 0, a square on its corner for class 1. */
function dot(pen, [x, y], label, fill, edge) {
  pen.beginPath();
  if (label)
    [
      [0, -10],
      [10, 0],
      [0, 10],
      [-10, 0],
    ].forEach(([a, b]) => pen.lineTo(x + a, y + b));
  else pen.arc(x, y, 8, 0, 2 * Math.PI);
  pen.closePath();
  pen.fillStyle = fill;
  pen.strokeStyle = edge;
  pen.lineWidth = 3;
  pen.stroke();
  pen.fill();
}

function showRunning() {
  byId("run").textContent = running ? "Pause" : "Train";
  byId("run").classList.toggle("on", running);
}

// ---- by hand

function place(x, y) {
  points.push({ x, y, label: Number(document.querySelector("input[name=class]:checked").value) });
  byId("points").value = "hand";
  once(0);
}

plane.addEventListener("pointerdown", (event) => {
  const box = plane.getBoundingClientRect();
  cursor.used = false;
  place(
    (2 * (event.clientX - box.left)) / box.width - 1,
    1 - (2 * (event.clientY - box.top)) / box.height,
  );
});

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
plane.addEventListener("keydown", (event) => {
  if (event.key in MOVES) {
    const [x, y] = MOVES[event.key];
    cursor.x = Math.min(Math.max(cursor.x + 0.1 * x, -1), 1);
    cursor.y = Math.min(Math.max(cursor.y + 0.1 * y, -1), 1);
  } else if (event.key === " " || event.key === "Enter") place(cursor.x, cursor.y);
  else return;
  cursor.used = true;
  event.preventDefault();
  draw();
});
plane.addEventListener("blur", draw);

// ---- the controls

function showLayers() {
  const hidden = layers.map((units, i) => {
    const box = make("input", {
      type: "number",
      min: 1,
      max: 64,
      value: units,
      ariaLabel: `units of hidden layer ${i + 1}`,
    });
    box.addEventListener("change", () => {
      layers[i] = box.value = Math.min(Math.max(Math.round(box.value) || 1, 1), 64);
      startAnew();
    });
    return box;
  });
  byId("layers").replaceChildren(...hidden);
  byId("fewer").disabled = layers.length === 0;
  byId("more").disabled = layers.length === 6;
}

function chooseLayers(chosen) {
  layers = chosen;
  showLayers();
  startAnew();
}

byId("fewer").addEventListener("click", () => chooseLayers(layers.slice(0, -1)));
byId("more").addEventListener("click", () => chooseLayers([...layers, 16]));
byId("points").addEventListener("input", () => deal(byId("points").value));
byId("activation").addEventListener("input", startAnew);
byId("solver").addEventListener("input", startAnew);
byId("solver-rate").addEventListener("input", () => (byId("solver-rate-now").textContent = rate()));
byId("start").addEventListener("input", () => {
  byId("start-said").textContent = SAID[byId("start").value];
  startAnew();
});
byId("run").addEventListener("click", () => {
  running = !running && points.length > 0;
  showRunning();
  if (running) train();
});
byId("single").addEventListener("click", () => {
  running = false;
  once(1);
});
byId("anew").addEventListener("click", startAnew);

export function enter() {
  if (points.length === 0 && byId("points").value !== "hand") deal(byId("points").value);
  draw();
}

export function leave() {
  running = false;
}

byId("start-said").textContent = SAID[byId("start").value];
byId("solver-rate-now").textContent = rate();
showLayers();
onTheme(draw);
