// A message as Telegram shows it: bubble, preview, buttons, time.

import { formatted, icon, language, link, make, safe, startOf } from "./text.js";

const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const whole = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat([], { day: "numeric", month: "long" });

export const time = (seconds) => clock.format(new Date(seconds * 1000));

/** "Today", "Yesterday" or the date. */
export function dayOf(seconds) {
  const at = new Date(seconds * 1000);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86400000);
  return ["Today", "Yesterday"][days] || day.format(at);
}

/**
 * The list item for a message.
 * `hooks`: say(command), start(word), press(message, row, column), more(message, button) and the bot's name.
 */
export function bubble(message, hooks) {
  const item = make("li", `message ${message.mine ? "mine" : "theirs"}`);
  item.dataset.id = message.id;
  fill(item, message, hooks);
  return item;
}

/** Show `message` in `item`, in place of an earlier version. */
export function fill(item, message, hooks) {
  const article = make("article", "bubble");
  const { text, entities, preview } = message;
  article.lang = language(text);
  if (message.forward) article.append(make("p", "forward", "Forwarded from ", make("b", "", message.forward)));
  if (message.reply) article.append(quoted(message.reply));
  const picture = message.picture && photo(message.picture, "");
  const words = text && make("div", "text", formatted(text, entities, hooks));
  const card = preview && previewCard(preview);
  const parts = message.above ? [card, words, picture] : [picture, words, card];
  article.append(...parts.filter(Boolean), meta(message));
  article.classList.toggle("ends-in-text", parts.filter(Boolean).at(-1) === words);
  item.replaceChildren(make("div", "column", article, message.buttons.length ? keys(message, hooks) : null));
  if (hooks.more) item.append(more(message, hooks));
}

function quoted(reply) {
  const line = make("div", "quoted", make("b", "", reply.author), make("span", "", reply.text));
  line.lang = language(reply.text);
  return line;
}

function photo(source, className) {
  const url = safe(new URL(source.url, location.href).href);
  if (!url) return null;
  const image = make("img", className);
  image.alt = "";
  image.loading = "eager";
  image.decoding = "async";
  image.width = source.width;
  image.height = source.height;
  image.addEventListener("error", () => image.remove());
  image.src = url;
  return image;
}

function previewCard(preview) {
  const picture = preview.picture && photo(preview.picture, "");
  const words = make(
    "div", "words",
    preview.site ? make("b", "site", preview.site) : null,
    preview.title ? make("b", "title", preview.title) : null,
    preview.description ? make("span", "description", preview.description) : null,
  );
  const bare = !words.childElementCount;
  if (bare && !picture) return null;
  const card = link(safe(preview.url) || "#", `preview ${preview.large ? "large" : "small"}${bare ? " bare" : ""}`);
  if (bare) card.setAttribute("aria-label", "Picture");
  card.append(...(preview.pictureFirst ? [picture, words] : [words, picture]).filter((part) => part?.tagName === "IMG" || !bare));
  card.lang = language(preview.title || "");
  return card;
}

function meta(message) {
  const line = make("footer", "meta");
  if (message.silent) {
    const mark = icon("silent");
    mark.setAttribute("aria-hidden", "false");
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", "sent silently");
    line.append(mark);
  }
  const at = make("time", "", time(message.date));
  at.dateTime = new Date(message.date * 1000).toISOString();
  line.append(at);
  if (message.edited) line.append(make("span", "edited", `· edited ${time(message.edited)}`));
  line.title = [message.date, message.edited].filter(Boolean).map((at) => whole.format(new Date(at * 1000))).join(" · ");
  return line;
}

function keys(message, hooks) {
  const board = make("div", "keys");
  message.buttons.forEach((row, rowNumber) => {
    const line = make("div", "row");
    row.forEach((button, column) => line.append(key(message, button, rowNumber, column, hooks)));
    board.append(line);
  });
  return board;
}

function key(message, button, row, column, hooks) {
  const url = button.url && safe(button.url);
  const start = url ? startOf(url, hooks.bot) : null;
  if (url && start === null) return link(url, "key", button.text, icon("open"));
  const pressed = make("button", "key", button.text, start === null ? null : icon("open"));
  pressed.type = "button";
  pressed.addEventListener("click", async () => {
    pressed.classList.add("waiting");
    await (start === null ? hooks.press(message, row, column) : hooks.start(start));
    pressed.classList.remove("waiting");
  });
  return pressed;
}

function more(message, hooks) {
  const button = make("button", "round more", icon("more"));
  button.type = "button";
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-label", "Actions for this post");
  button.addEventListener("click", () => hooks.more(message, button));
  return button;
}
