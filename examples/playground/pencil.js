// Room two: the guide's network of 2, 3 and 2 units. Every number can be asked where it comes from,
// and those that are not computed can be moved.

import { ask, byId, latest, make, number } from "./common.js";

const GUIDE = {
  x: [
    [1, 2],
    [3, 1],
  ],
  t: [
    [0, 1],
    [1, 0],
  ],
  weights: [
    [
      [1, -1, 0],
      [0, 1, -1],
    ],
    [1, 0, 3],
    [
      [1, 0],
      [0, 1],
      [-1, 1],
    ],
    [0, 0],
  ],
  memory: null,
};
const SMALLEST = -20;
const LARGEST = 20;

let state = structuredClone(GUIDE); // what tinynet is asked about
let answer = null; // what it said
let asked = ""; // to which question
let code = {}; // the lines of tinynet that compute each kind of number
const past = []; // states before each step, for undo
const numbers = []; // everything that is written in the network
const net = byId("net");

const put = (rows, i, j, value) => (rows[i][j] = value);
const range = (n) => [...Array(n).keys()];
const signed = (v, d = 4) => (v < 0 ? `(${number(v, d)})` : number(v, d));
const short = (v) => (Number.isInteger(v) ? signed(v, 0) : signed(v)); // as one writes it by hand
const sum = (terms) => terms.join(" + ");

// ---- the numbers: what each is called, where it is found, which line computes it, and from what

/** Add a number to the page. `move` sets it, for those that are not computed. */
function add(kind, key, name, find, line, from, move) {
  const element = make("span", { className: `number ${kind}`, tabIndex: -1 });
  element.dataset.key = key;
  element.setAttribute("role", move ? "spinbutton" : "img");
  if (move) element.classList.add("free");
  const entry = { element, key, name, find, line, from, move };
  numbers.push(entry);
  element.addEventListener("pointerenter", () => tell(entry));
  element.addEventListener("focus", () => tell(entry));
  if (move) element.addEventListener("pointerdown", (event) => drag(event, entry));
  return element;
}

const link = (i) => answer.layers[i]; // 0 hidden, 1 relu, 2 output: as explain names them

function input(n, i) {
  const from = () =>
    "An input: nothing computes it. Its gradient is not computed either, since nobody needs it " +
    "in training.";
  return add(
    "forward",
    `x.${n}.${i}`,
    `x${i + 1} of example ${n + 1}`,
    () => state.x[n][i],
    null,
    from,
    (v) => put(state.x, n, i, v),
  );
}

function weight(layer, i, j) {
  const [W, name] = [
    2 * layer,
    layer ? `W from hidden ${i + 1} to class ${j}` : `W from x${i + 1} to hidden ${j + 1}`,
  ];
  return add(
    "forward",
    `W${layer}.${i}.${j}`,
    name,
    () => state.weights[W][i][j],
    "update",
    () => step(answer.next.weights[W][i][j]),
    (v) => put(state.weights[W], i, j, v),
  );
}

function bias(layer, j) {
  const b = 2 * layer + 1;
  const name = layer ? `b of class ${j}` : `b of hidden ${j + 1}`;
  return add(
    "forward",
    `b${layer}.${j}`,
    name,
    () => state.weights[b][j],
    "update",
    () => step(answer.next.weights[b][j]),
    (v) => (state.weights[b][j] = v),
  );
}

const step = (after) => `A weight: nothing computes it. One step would make it ${number(after)}.`;

function score(layer, n, j) {
  const from = () => {
    const { x, W, b } = link(2 * layer);
    return `${sum(x[n].map((v, i) => `${short(v)}·${short(W[i][j])}`))} + ${short(b[j])}`;
  };
  const name = layer ? `logit of class ${j}` : `score of hidden ${j + 1}`;
  return add(
    "forward",
    `y${layer}.${n}.${j}`,
    `${name}, example ${n + 1}`,
    () => link(2 * layer).y[n][j],
    "y",
    from,
  );
}

function relu(n, j) {
  return add(
    "forward",
    `a.${n}.${j}`,
    `what hidden ${j + 1} passes on, example ${n + 1}`,
    () => link(1).y[n][j],
    "relu",
    () => `max(${short(link(1).x[n][j])}, 0)`,
  );
}

function probability(n, k) {
  const from = () => {
    const powers = link(2).y[n].map((v) => `e^${short(v)}`);
    return `${powers[k]} / (${powers.join(" + ")})`;
  };
  return add(
    "forward",
    `p.${n}.${k}`,
    `probability of class ${k}, example ${n + 1}`,
    () => answer.p[n][k],
    "p",
    from,
  );
}

function goal(n, k) {
  return add(
    "forward",
    `t.${n}.${k}`,
    `target of class ${k}, example ${n + 1}`,
    () => state.t[n][k],
    null,
    () => "A target: what p should be. The targets of an example add up to 1.",
    (v) => {
      const share = Math.min(Math.max(v, 0), 1);
      put(state.t, n, k, share);
      put(state.t, n, 1 - k, 1 - share);
    },
  );
}

function lossOf(which) {
  const from = () => {
    const terms = answer.p
      .flatMap((row, n) => row.map((p, k) => [state.t[n][k], p]))
      .filter(([t]) => t);
    return `-(${sum(terms.map(([t, p]) => `${short(t)}·log ${number(p)}`))}) / 2`;
  };
  if (which === "loss")
    return add("forward", "loss", "L, the mean loss", () => answer.loss, "L", from);
  return add(
    "forward",
    "loss_after",
    "L after one step",
    () => answer.loss_after,
    "update",
    () => "The loss of the same two examples, once every weight has taken its step.",
  );
}

// The way back.

function dscore(layer, n, j) {
  const from = () => {
    if (layer) {
      const difference = `(${number(answer.p[n][j])} - ${short(state.t[n][j])})`;
      return `${difference} / 2: p - t, divided by the 2 examples`;
    }
    const passes = link(1).x[n][j] > 0;
    return passes
      ? `${number(link(1).dy[n][j])}·1, as the score is above 0`
      : `${number(link(1).dy[n][j])}·0, as the score is not above 0`;
  };
  const name = layer
    ? `gradient of the logit of class ${j}`
    : `gradient of the score of hidden ${j + 1}`;
  return add(
    "backward",
    `dy${layer}.${n}.${j}`,
    `${name}, example ${n + 1}`,
    () => link(2 * layer).dy[n][j],
    layer ? "dlogits" : "drelu",
    from,
  );
}

function drelu(n, j) {
  const from = () => sum(link(2).dy[n].map((d, k) => `${signed(d)}·${short(link(2).W[j][k])}`));
  return add(
    "backward",
    `da.${n}.${j}`,
    `gradient of what hidden ${j + 1} passes on, example ${n + 1}`,
    () => link(1).dy[n][j],
    "dx",
    from,
  );
}

function dweight(layer, i, j) {
  const from = () =>
    sum(
      range(2).map((n) => `${short(link(2 * layer).x[n][i])}·${signed(link(2 * layer).dy[n][j])}`),
    );
  const name = layer ? `from hidden ${i + 1} to class ${j}` : `from x${i + 1} to hidden ${j + 1}`;
  return add(
    "backward",
    `dW${layer}.${i}.${j}`,
    `gradient of W ${name}`,
    () => link(2 * layer).dW[i][j],
    "dW",
    from,
  );
}

function dbias(layer, j) {
  const from = () => sum(range(2).map((n) => signed(link(2 * layer).dy[n][j])));
  return add(
    "backward",
    `db${layer}.${j}`,
    `gradient of b of ${layer ? `class ${j}` : `hidden ${j + 1}`}`,
    () => link(2 * layer).db[j],
    "db",
    from,
  );
}

// ---- the cards and the edges

/** Make a card: a title, and rows of a symbol and its numbers. */
function card(title, kind, rows) {
  const body = rows.map(([symbol, ...cells]) =>
    make("div", { className: "row" }, make("i", { textContent: symbol }), ...cells),
  );
  const element = make(
    "div",
    { className: `card ${kind}` },
    make("h3", { textContent: title }),
    ...body,
  );
  net.append(element);
  return element;
}

const both = (of, ...place) => range(2).map((n) => of(n, ...place)); // the two examples
const columns = [
  range(2).map((i) => card(`x${i + 1}`, "input", [["x", ...both(input, i)]])),
  range(3).map((j) =>
    card(`hidden ${j + 1}`, "hidden", [
      ["b", bias(0, j), dbias(0, j)],
      ["z", score(0, 0, j), score(0, 1, j)],
      ["a", ...both(relu, j)],
      ["da", ...both(drelu, j)],
      ["dz", dscore(0, 0, j), dscore(0, 1, j)],
    ]),
  ),
  range(2).map((k) =>
    card(`class ${k}`, "output", [
      ["b", bias(1, k), dbias(1, k)],
      ["z", score(1, 0, k), score(1, 1, k)],
      ["p", ...both(probability, k)],
      ["t", ...both(goal, k)],
      ["dz", dscore(1, 0, k), dscore(1, 1, k)],
    ]),
  ),
  [
    card("loss", "total", [
      ["L", lossOf("loss")],
      ["then", lossOf("after")],
    ]),
  ],
];

const svg = net.querySelector("svg");

function line(kind) {
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("class", kind);
  svg.append(path);
  return path;
}

const ends = columns[2].map((from) => ({
  from,
  to: columns[3][0],
  ahead: line("forward"),
  back: line("backward"),
}));
const edges = [0, 1].flatMap((layer) =>
  columns[layer].flatMap((from, i) =>
    columns[layer + 1].map((to, j) => {
      const [ahead, back] = [line("forward"), line("backward")];
      const label = make("div", { className: "label" }, weight(layer, i, j), dweight(layer, i, j));
      net.append(label);
      return { layer, i, j, from, to, ahead, back, label };
    }),
  ),
);

// Where a weight stands on its edge, as a share of the way: so that no two labels meet.
const BESIDE = [() => 0.3, () => 0.7]; // columns side by side
const BELOW = [(i) => [0.43, 0.8][i], (i, j) => [0.2, 0.57][j]]; // one below the other

/** Place the cards: side by side where there is room, else one row below the other. */
function layout() {
  const width = net.clientWidth;
  if (!width) return;
  const wide = width >= 840;
  net.classList.toggle("below", !wide);
  let height = 0;
  if (wide) {
    const widths = columns.map((cards) => cards[0].offsetWidth);
    const gap = (width - widths.reduce((a, b) => a + b)) / 2.5; // the last is half as wide
    height = 3 * columns[1][0].offsetHeight + 80;
    let left = 0;
    columns.forEach((cards, c) => {
      cards.forEach((one, r) => {
        const middle =
          cards.length === 3 ? [0.166, 0.5, 0.834][r] : cards.length === 2 ? [0.29, 0.71][r] : 0.5;
        move(one, left, middle * height - one.offsetHeight / 2);
      });
      left += widths[c] + (c < 2 ? gap : gap / 2);
    });
  } else {
    columns.forEach((cards, c) => {
      cards.forEach((one, r) =>
        move(one, ((r + 0.5) * width) / cards.length - one.offsetWidth / 2, height),
      );
      height += cards[0].offsetHeight + (c < 2 ? 118 : 14);
    });
    height -= 14;
  }
  net.style.height = `${height}px`;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  for (const edge of [...edges, ...ends]) placeEdge(edge, wide);
}

function move(element, left, top) {
  Object.assign(element.style, { left: `${left}px`, top: `${top}px` });
}

function placeEdge({ layer, i, j, from, to, ahead, back, label }, wide) {
  const [x1, y1] = wide
    ? [from.offsetLeft + from.offsetWidth, from.offsetTop + from.offsetHeight / 2]
    : [from.offsetLeft + from.offsetWidth / 2, from.offsetTop + from.offsetHeight];
  const [x2, y2] = wide
    ? [to.offsetLeft, to.offsetTop + to.offsetHeight / 2]
    : [to.offsetLeft + to.offsetWidth / 2, to.offsetTop];
  const length = Math.hypot(x2 - x1, y2 - y1);
  const [ox, oy] = [(-2.5 * (y2 - y1)) / length, (2.5 * (x2 - x1)) / length]; // to either side
  ahead.setAttribute("d", `M${x1 - ox} ${y1 - oy}L${x2 - ox} ${y2 - oy}`);
  back.setAttribute("d", `M${x2 + ox} ${y2 + oy}L${x1 + ox} ${y1 + oy}`);
  if (!label) return;
  const share = (wide ? BESIDE : BELOW)[layer](i, j);
  move(label, x1 + share * (x2 - x1), y1 + share * (y2 - y1));
}

// ---- moving numbers

/** Move a number to a value, and ask tinynet what follows from it. */
function set({ move: moveTo }, value) {
  moveTo(Math.round(Math.min(Math.max(value, SMALLEST), LARGEST) * 100) / 100);
  refresh();
}

function drag(event, entry) {
  const { element, find } = entry;
  const [start, value, fine] = [event.clientX, find(), event.shiftKey ? 0.002 : 0.02];
  const slide = (moved) => set(entry, value + fine * (moved.clientX - start));
  element.setPointerCapture(event.pointerId);
  element.addEventListener("pointermove", slide);
  element.addEventListener(
    "lostpointercapture",
    () => element.removeEventListener("pointermove", slide),
    { once: true },
  );
}

// With keys: left and right go from number to number, up and down move one.
net.addEventListener("keydown", (event) => {
  const at = numbers.findIndex(({ element }) => element === event.target);
  if (at < 0) return;
  const amount = { ArrowUp: 0.1, ArrowDown: -0.1, PageUp: 1, PageDown: -1 }[event.key];
  const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (amount && numbers[at].move) set(numbers[at], numbers[at].find() + amount);
  else if (way) focusOn(numbers[(at + way + numbers.length) % numbers.length]);
  else return;
  event.preventDefault();
});
net.addEventListener("focusin", (event) => {
  for (const { element } of numbers) element.tabIndex = element === event.target ? 0 : -1;
});
const focusOn = ({ element }) => element.focus();

// ---- what is shown

let told = null;

/** Say where a number comes from: its line of code, and the sum. */
function tell(entry) {
  told = entry;
  if (!answer) return;
  for (const other of numbers) other.element.classList.toggle("told", other === entry);
  const where = code[entry.line === "update" ? byId("optimizer").value : entry.line];
  byId("told-name").textContent = entry.name;
  const result = entry.move || entry.key === "loss_after" ? "" : ` = ${number(entry.find())}`;
  byId("told-sum").textContent = entry.from().replaceAll("-", "\u2212") + result;
  byId("told-code").textContent = where ? where.text : "";
  byId("told-file").textContent = where ? `${where.file}, line ${where.line}` : "";
}

const question = () => ({ ...state, optimizer: settings() });

const refresh = latest(async () => {
  const now = question();
  asked = JSON.stringify(now);
  answer = await ask("step", now);
  for (const { element, find, name, move: moves } of numbers) {
    const text = number(find(), moves ? 2 : net.classList.contains("below") ? 3 : 4);
    element.textContent = text;
    element.setAttribute("aria-label", `${name}: ${text}`);
    element.dataset.value = find();
    if (moves) element.setAttribute("aria-valuenow", find());
  }
  for (const { layer, i, j, ahead, back } of edges) {
    thicken(ahead, state.weights[2 * layer][i][j], 1.2);
    thicken(back, link(2 * layer).dW[i][j], 4);
  }
  byId("pencil-loss").textContent =
    `${number(answer.loss)}, and ${number(answer.loss_after)} after one more step`;
  byId("steps-taken").textContent = state.memory ? state.memory.iterations : 0;
  byId("back").disabled = past.length === 0;
  drawSteps();
  if (told) tell(told);
});

function thicken(line, value, scale) {
  line.style.strokeWidth = Math.min(0.6 + scale * Math.abs(value), 7);
  line.classList.toggle("negative", value < 0);
}

// ---- the optimizer

const SLIDERS = { learning_rate: "rate", rho: "rho", epsilon: "epsilon" };
const TAKES = {
  sgd: ["learning_rate"],
  rmsprop: Object.keys(SLIDERS),
  adam: ["learning_rate", "epsilon"],
};
const CLASSES = { sgd: "SGD", rmsprop: "RMSprop", adam: "Adam" };

/** Return the optimizer as its get_config would write it. */
function settings() {
  const name = byId("optimizer").value;
  const config = {};
  for (const [setting, id] of Object.entries(SLIDERS)) {
    const slider = byId(id);
    const value = slider.dataset.log
      ? Number((10 ** slider.value).toPrecision(2))
      : Number(slider.value);
    const used = TAKES[name].includes(setting);
    byId(`${id}-row`).hidden = !used;
    byId(`${id}-now`).textContent = value < 1e-3 ? value.toExponential(1) : value;
    if (used) config[setting] = value;
  }
  return { class_name: CLASSES[name], config };
}

const GROUPS = [
  ["hidden W", 6],
  ["hidden b", 3],
  ["output W", 6],
  ["output b", 2],
];
const pairs = GROUPS.map(([name, count]) => {
  const found = range(count).map(() => [
    make("i", { className: "gradient" }),
    make("i", { className: "step" }),
  ]);
  const cells = found.map((pair) => make("div", { className: "pair" }, ...pair));
  const group = make(
    "figure",
    {},
    make("div", { className: "pairs" }, ...cells),
    make("figcaption", { textContent: name }),
  );
  byId("moves").append(group);
  group.style.flexGrow = count;
  return found;
}).flat();

/** Draw for every weight how long its gradient is, and how far the step moves it. */
function drawSteps() {
  const kinds = [answer.grads, answer.moved].map((values) => values.map(Math.abs));
  const largest = kinds.map((values) => Math.max(...values) || 1);
  pairs.forEach((pair, i) =>
    pair.forEach((bar, kind) => {
      bar.style.height = `${(50 * kinds[kind][i]) / largest[kind]}%`;
    }),
  );
  const span = (values) => {
    const some = values.filter((v) => v > 0);
    return some.length ? `${number(Math.min(...some))} to ${number(Math.max(...some))}` : "all 0";
  };
  byId("gradients-span").textContent = span(kinds[0]);
  byId("steps-span").textContent = span(kinds[1]);
}

byId("optimizer").addEventListener("input", () => {
  state.memory = null; // another optimizer remembers other things
  refresh();
});
for (const id of Object.values(SLIDERS)) byId(id).addEventListener("input", refresh);
byId("one-step").addEventListener("click", () => {
  if (asked !== JSON.stringify(question())) return; // the answer to it is still to come
  past.push(structuredClone(state));
  state = { ...state, ...structuredClone(answer.next) };
  refresh();
});
byId("back").addEventListener("click", () => {
  state = past.pop() ?? state;
  refresh();
});
byId("again").addEventListener("click", () => {
  state = structuredClone(GUIDE);
  past.length = 0;
  refresh();
});

export async function enter() {
  layout();
  if (!answer) {
    numbers[0].element.tabIndex = 0;
    code = await ask("code");
    tell(numbers.find(({ key }) => key === "dW0.0.0"));
  }
  await refresh();
  layout();
}

export function leave() {}

addEventListener("resize", () => {
  layout();
  if (answer && net.clientWidth) refresh();
});
