// A small menu beside a button, for mouse, touch and keyboard.

import { icon, link, make } from "./text.js";

let popup = null;
let opener = null;

/** Show `entries` beside `button`: each with an icon, words, and either `act()` or a `url` to open. */
export function openPopup(entries, button) {
  closePopup();
  popup = make("div", "popup", ...entries.map(entryFor));
  popup.setAttribute("role", "menu");
  opener = button;
  opener.setAttribute("aria-expanded", "true");
  document.body.append(popup);
  place(button.getBoundingClientRect());
  popup.firstElementChild.focus({ preventScroll: true });
}

function entryFor({ icon: name, words, act, url }) {
  const entry = url ? link(url, "", icon(name), words) : make("button", "", icon(name), words);
  entry.setAttribute("role", "menuitem");
  entry.addEventListener("click", () => {
    closePopup();
    act?.();
  });
  return entry;
}

function place(anchor) {
  const left = Math.min(anchor.right, innerWidth - 8) - popup.offsetWidth;
  const above = anchor.top - popup.offsetHeight - 6;
  popup.style.left = `${Math.max(8, left)}px`;
  popup.style.top = `${above > 8 ? above : anchor.bottom + 6}px`;
}

function closePopup() {
  opener?.setAttribute("aria-expanded", "false");
  popup?.remove();
  popup = null;
}

function pressed(event) {
  if (!popup) return;
  const entries = [...popup.children];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") {
    closePopup();
    opener.focus();
  } else if (step) {
    event.preventDefault();
    const at = entries.indexOf(document.activeElement);
    entries[(at + step + entries.length) % entries.length].focus();
  }
}

document.addEventListener("pointerdown", (event) => !popup?.contains(event.target) && closePopup());
document.addEventListener("keydown", pressed);
addEventListener("resize", closePopup);
