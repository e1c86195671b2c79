// Text and its entities as DOM nodes. Nothing is ever parsed as HTML.

const PLAIN = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s",
  code: "code", pre: "pre", blockquote: "blockquote", expandable_blockquote: "blockquote",
};

const BLOCKS = ["BLOCKQUOTE", "PRE"];

/** An element with a class and children; children may be strings, nodes, null or undefined. */
export function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** One of the page's icons. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const use = document.createElementNS(space, "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** The URL if it is http or https, else "". */
export function safe(url) {
  try {
    const parsed = new URL(url.includes("://") ? url : `http://${url}`);
    return ["http:", "https:"].includes(parsed.protocol) ? parsed.href : "";
  } catch {
    return "";
  }
}

/** A link that opens in a new tab. */
export function link(url, className = "", ...children) {
  const anchor = make("a", className, ...children);
  anchor.href = url;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer nofollow";
  return anchor;
}

/** The start parameter of a link to the bot ("related_12"); null for other links. */
export function startOf(address, bot) {
  const url = bot && safe(address);
  if (!url) return null;
  const { hostname, pathname, searchParams } = new URL(url);
  const ours = hostname === "t.me" && pathname.toLowerCase() === `/${bot.toLowerCase()}`;
  return ours ? searchParams.get("start") || "" : null;
}

/**
 * `text` with its entities (offsets in UTF-16 units, as Telegram counts and JavaScript does).
 * `hooks`: `say(command)` for pressed commands (without it they are plain), `bot`, its username, and
 * `start(parameter)` for links to it.
 */
export function formatted(text, entities, hooks = {}) {
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  const root = document.createDocumentFragment();
  const open = [{ node: root, end: text.length }];
  let at = 0;
  const close = () => {
    while (open.length > 1 && open.at(-1).end <= at) open.pop();
  };
  const write = (until) => {
    while (at < until) {
      close();
      const { node, end: last } = open.at(-1);
      const end = Math.min(until, last);
      // a block ends its own line: a line break after it would leave an empty one
      const broken = text[at] === "\n" && BLOCKS.includes(node.lastChild?.nodeName);
      node.append(text.slice(broken ? at + 1 : at, end));
      at = end;
    }
    close();
  };
  for (const entity of sorted) {
    write(Math.min(entity.offset, text.length));
    const end = Math.min(entity.offset + entity.length, open.at(-1).end);
    if (end <= at) continue;
    const node = element(entity, text.slice(at, end), hooks);
    open.at(-1).node.append(node);
    open.push({ node, end });
  }
  write(text.length);
  return root;
}

function element(entity, words, hooks) {
  switch (entity.type) {
    case "url":
    case "text_link":
      return linked(entity.url || words, hooks);
    case "bot_command":
      return hooks.say ? inline(() => hooks.say(words)) : make("span", "tag");
    case "hashtag":
    case "cashtag":
    case "mention":
    case "text_mention":
    case "email":
    case "phone_number":
      return make("span", "tag");
    case "spoiler":
      return spoiler();
    default:
      return make(PLAIN[entity.type] || "span");
  }
}

function linked(address, hooks) {
  const start = startOf(address, hooks.bot);
  if (start !== null) return inline(() => hooks.start(start));
  const url = safe(address);
  return url ? link(url) : make("span");
}

function inline(act) {
  const button = make("button", "inline");
  button.type = "button";
  button.addEventListener("click", act);
  return button;
}

function spoiler() {
  const hidden = make("span", "spoiler");
  hidden.tabIndex = 0;
  hidden.setAttribute("role", "button");
  hidden.setAttribute("aria-label", "Hidden text: press to show");
  const show = () => {
    hidden.classList.add("shown");
    hidden.removeAttribute("aria-label");
  };
  hidden.addEventListener("click", show);
  hidden.addEventListener("keydown", (event) => event.key === "Enter" && show());
  return hidden;
}

/** "my" if the text is mostly Burmese, which needs taller lines. */
export function language(text) {
  const marks = text.match(/[\u1000-\u109f]/g);
  return marks && marks.length > text.length / 4 ? "my" : "";
}
