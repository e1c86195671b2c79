// The reader's input: the text field, the command menu, and the post that is replied to.

import { make } from "./text.js";

export class Composer {
  /** `form`: the element; `send(text, post)` sends a message, `post` being the one replied to, or null. */
  constructor(form, send) {
    this.form = form;
    this.line = form.querySelector("textarea");
    this.menu = form.querySelector(".menu");
    this.opener = form.querySelector(".commands");
    this.quote = form.querySelector(".quote");
    this.submit = form.querySelector(".send");
    this.send = send;
    this.commands = [];
    this.post = null;
    this.chosen = -1;
    form.addEventListener("submit", (event) => this.#sent(event));
    this.line.addEventListener("input", () => this.#typed());
    this.line.addEventListener("keydown", (event) => this.#key(event));
    this.line.addEventListener("blur", () => setTimeout(() => this.#leave(), 150));
    this.opener.addEventListener("click", () => this.#toggle());
    this.quote.querySelector("button").addEventListener("click", () => this.answer(null));
  }

  setCommands(commands) {
    this.commands = commands;
    this.opener.hidden = !commands.length;
  }

  /** Make the next message a reply to `post`, or to nothing if null. */
  answer(post) {
    this.post = post;
    this.quote.hidden = !post;
    if (!post) return;
    this.quote.querySelector("b").textContent = post.author;
    this.quote.querySelector("span").textContent = post.text;
    this.line.focus();
  }

  #sent(event) {
    event.preventDefault();
    const text = this.line.value.trim();
    if (!text) return;
    const post = this.post;
    this.line.value = "";
    this.answer(null);
    this.#typed();
    this.#close();
    this.send(text, post);
  }

  #typed() {
    this.submit.disabled = !this.line.value.trim();
    this.line.style.height = "auto";
    this.line.style.height = `${Math.min(this.line.scrollHeight, 140)}px`;
    const begun = /^\/(\w*)$/.exec(this.line.value);
    if (begun) this.#show(this.commands.filter(({ command }) => command.startsWith(begun[1].toLowerCase())));
    else this.#close();
  }

  #key(event) {
    if (event.isComposing) return;
    if (!this.menu.hidden && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      this.#choose(this.chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Escape") {
      if (this.menu.hidden) this.answer(null);
      this.#close();
    } else if (event.key === "Tab" && !this.menu.hidden && !event.shiftKey) {
      event.preventDefault();
      this.#complete(this.menu.children[Math.max(this.chosen, 0)].dataset.command);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (!this.menu.hidden && this.chosen >= 0) this.#pick(this.menu.children[this.chosen].dataset.command);
      else this.form.requestSubmit();
    }
  }

  #toggle() {
    if (this.menu.hidden) {
      this.#show(this.commands);
      this.line.focus();
    } else this.#close();
  }

  #show(commands) {
    this.menu.replaceChildren(...commands.map((command, number) => this.#entry(command, number)));
    this.menu.hidden = !commands.length;
    this.opener.setAttribute("aria-expanded", String(!this.menu.hidden));
    this.chosen = -1;
    this.line.removeAttribute("aria-activedescendant");
  }

  #entry({ command, description }, number) {
    const entry = make("div", "entry", make("b", "", `/${command}`), make("span", "", description));
    entry.setAttribute("role", "option");
    entry.id = `command-${number}`;
    entry.dataset.command = command;
    entry.addEventListener("pointerdown", (event) => event.preventDefault());
    entry.addEventListener("click", () => this.#pick(command));
    return entry;
  }

  #choose(number) {
    const entries = [...this.menu.children];
    this.chosen = (number + entries.length) % entries.length;
    entries.forEach((entry, place) => entry.setAttribute("aria-selected", String(place === this.chosen)));
    entries[this.chosen].scrollIntoView({ block: "nearest" });
    this.line.setAttribute("aria-activedescendant", entries[this.chosen].id);
  }

  #complete(command) {
    this.line.value = `/${command} `;
    this.#typed();
  }

  #pick(command) {
    this.line.value = `/${command}`;
    this.form.requestSubmit();
  }

  #leave() {
    if (!this.form.contains(document.activeElement)) this.#close();
  }

  #close() {
    this.menu.hidden = true;
    this.opener.setAttribute("aria-expanded", "false");
    this.chosen = -1;
  }
}
