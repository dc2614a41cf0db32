// The way from room to room: the part of the address behind # names the room that is open.

import * as boundary from "./boundary.js";
import * as draw from "./draw.js";
import * as pencil from "./pencil.js";

const rooms = { draw, pencil, boundary };

function open() {
  const name = location.hash.slice(1) in rooms ? location.hash.slice(1) : "draw";
  for (const section of document.querySelectorAll(".room")) section.hidden = section.id !== name;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${document.querySelector(`#${name} h1`).textContent} – tinynet playground`;
  for (const [other, room] of Object.entries(rooms)) {
    if (other !== name) room.leave();
  }
  rooms[name].enter();
  scrollTo(0, 0);
}

addEventListener("hashchange", open);
open();
