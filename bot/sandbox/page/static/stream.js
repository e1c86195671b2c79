// A chat's messages in order: new ones below, edits in place, deleted ones fading out.

import { bubble, dayOf, fill } from "./message.js";
import { make } from "./text.js";

const NEAR = 90; // pixels from the end that still count as "at the end"

export class Stream {
  /** `pane`: the chat's element; `hooks` go to each message. */
  constructor(pane, hooks) {
    this.scroller = pane.querySelector(".stream");
    this.list = pane.querySelector("ol");
    this.button = pane.querySelector(".newest");
    this.hooks = hooks;
    this.items = new Map();
    this.missed = 0;
    this.following = true;
    this.scroller.addEventListener("scroll", () => this.#scrolled());
    this.button.addEventListener("click", () => this.toNewest(true));
    // late pictures and fonts, a rotated phone: stay where the reader was
    new ResizeObserver(() => this.following && this.toNewest(false)).observe(this.list);
    new ResizeObserver(() => this.following && this.toNewest(false)).observe(this.scroller);
  }

  /** Show `messages` in place of all others. */
  load(messages) {
    this.list.replaceChildren();
    this.items.clear();
    this.lastDay = "";
    for (const message of messages) this.#append(message);
    this.toNewest(false);
  }

  add(message) {
    if (this.items.has(message.id)) return;
    this.#append(message).classList.add("new");
    if (this.following || message.mine) this.toNewest(true);
    else this.#missedOne();
  }

  edit(message) {
    const item = this.items.get(message.id);
    if (!item) return;
    fill(item, message, this.hooks);
    item.classList.remove("new", "changed");
    void item.offsetWidth; // begin the animation again
    item.classList.add("changed");
  }

  remove(id) {
    const item = this.items.get(id);
    if (!item) return;
    this.items.delete(id);
    item.classList.add("gone");
    item.setAttribute("aria-label", "Deleted");
    setTimeout(() => {
      item.style.height = `${item.offsetHeight}px`;
      requestAnimationFrame(() => item.classList.add("shut"));
      setTimeout(() => item.remove(), 500);
    }, 2400);
  }

  toNewest(smooth) {
    this.following = true;
    this.missed = 0;
    this.button.hidden = true;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: smooth && !still ? "smooth" : "instant" });
  }

  #append(message) {
    const today = dayOf(message.date);
    if (today !== this.lastDay) this.list.append(make("li", "day", make("span", "", today)));
    this.lastDay = today;
    const item = bubble(message, this.hooks);
    this.items.set(message.id, item);
    this.list.append(item);
    return item;
  }

  #scrolled() {
    const below = this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight;
    const near = below < NEAR;
    if (near) this.missed = 0;
    // a smooth scroll to the end is not near at first: only scrolling up stops following
    const upwards = this.scroller.scrollTop < (this.before ?? 0) - 2;
    if (near) this.following = true;
    else if (upwards) this.following = false;
    this.before = this.scroller.scrollTop;
    this.button.hidden = this.following;
    this.button.lastElementChild.textContent = this.missed ? String(this.missed) : "";
  }

  #missedOne() {
    this.missed += 1;
    this.button.hidden = false;
    this.button.lastElementChild.textContent = String(this.missed);
    this.button.setAttribute("aria-label", `${this.missed} new below`);
  }
}
