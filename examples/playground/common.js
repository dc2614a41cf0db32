// What the rooms share: questions to tinynet, numbers as text, small pictures and curves.

/** Ask the server, which answers with tinynet's numbers. */
export async function ask(question, values = {}) {
  let reply;
  try {
    reply = await fetch(question, { method: "POST", body: JSON.stringify(values) });
  } catch {
    throw new Error("The playground does not answer. Is it still running in its terminal?");
  }
  const answer = await reply.json();
  if (!reply.ok) throw new Error(answer.error);
  return answer;
}

/** Show what went wrong in a line at the foot of the page; with nothing, take it away. */
export function complain(error) {
  const line = document.getElementById("trouble");
  line.textContent = error ? error.message : "";
  line.hidden = !error;
}

/** Do one piece of work at a time: of the calls that come meanwhile only the last counts. */
export function latest(work) {
  let busy = false;
  let waiting = null;
  return async function run(...values) {
    if (busy) {
      waiting = values;
      return;
    }
    busy = true;
    try {
      await work(...values);
      complain(null);
    } catch (error) {
      complain(error);
    }
    busy = false;
    if (waiting) {
      const next = waiting;
      waiting = null;
      run(...next);
    }
  };
}

export const byId = (id) => document.getElementById(id);

/** Make an element: make("p", { className: "hint" }, "text", child, ...). */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Write a number with so many decimals, a true minus sign and no "-0". */
export function number(value, decimals = 4) {
  let text = value.toFixed(decimals);
  if (value !== 0 && Math.abs(value) < 0.5 * 10 ** -decimals) text = value.toExponential(1);
  return text.replace(/^-(?=0\.?0*$)/, "").replaceAll("-", "\u2212");
}

export const percent = (p) => `${(100 * p).toFixed(1)} %`;

// ---- colours and pictures ----

/** Return a colour of the style sheet as [red, green, blue]. */
export function colour(name) {
  const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

/** Mix two colours: a where share is 0, b where it is 1. */
export const mix = (a, b, share) => a.map((value, i) => value + (b[i] - value) * share);

/** Read what the server packed: bytes from 0 to 255, or with Int8Array from -127 to 127. */
export function unpack(text, Kind = Uint8Array) {
  return new Kind(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

/** Paint a square of values on a canvas, one pixel for each. */
export function paint(canvas, values, colourOf) {
  const side = Math.sqrt(values.length);
  canvas.width = canvas.height = side;
  const image = new ImageData(side, side);
  values.forEach((value, i) => image.data.set([...colourOf(value, i), 255], 4 * i));
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Paint positive numbers in one colour and negative ones in the other, 0 as the ground. */
export function paintSigned(canvas, text) {
  const [ground, more, less] = ["--picture", "--forward", "--backward"].map(colour);
  paint(canvas, unpack(text, Int8Array), (v) =>
    mix(ground, v > 0 ? more : less, Math.abs(v) / 127),
  );
}

/** Draw a curve through values, from the left edge to the right, into an SVG of 100 x 40. */
export function curve(svg, values, top, bottom = 0) {
  const x = (i) => (100 * i) / Math.max(values.length - 1, 1);
  const y = (v) => 40 - (40 * (Math.min(v, top) - bottom)) / (top - bottom || 1);
  const path = values.map((v, i) => `${i ? "L" : "M"}${x(i).toFixed(2)} ${y(v).toFixed(2)}`);
  svg.querySelector("path").setAttribute("d", path.join(""));
}

/** Call a function now and again whenever light turns to dark or back. */
export function onTheme(redraw) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}
