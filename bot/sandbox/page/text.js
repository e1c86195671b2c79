// Text and its entities as DOM nodes. Nothing is ever parsed as HTML: text stays text.

const PLAIN = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s",
  code: "code", pre: "pre", blockquote: "blockquote", expandable_blockquote: "blockquote",
};

/** An element with a class and children; children may be strings, nodes or nothing. */
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

/** The address where it is one that a reader may open, else "". */
export function safe(url) {
  try {
    const parsed = new URL(url.includes("://") ? url : `http://${url}`);
    return ["http:", "https:"].includes(parsed.protocol) ? parsed.href : "";
  } catch {
    return "";
  }
}

/** A link that opens beside the page. */
export function link(url, className = "", ...children) {
  const anchor = make("a", className, ...children);
  anchor.href = url;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer nofollow";
  return anchor;
}

/**
 * `text` with its entities (offsets in UTF-16 units, as Telegram counts and JavaScript does).
 * `say` is called with a command that the reader clicks; without it commands are plain.
 */
export function formatted(text, entities, say = null, bot = "") {
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
      const end = Math.min(until, open.at(-1).end);
      open.at(-1).node.append(text.slice(at, end));
      at = end;
    }
    close();
  };
  for (const entity of sorted) {
    write(Math.min(entity.offset, text.length));
    const end = Math.min(entity.offset + entity.length, open.at(-1).end);
    if (end <= at) continue;
    const node = element(entity, text.slice(at, end), say, bot);
    open.at(-1).node.append(node);
    open.push({ node, end });
  }
  write(text.length);
  return root;
}

function element(entity, words, say, bot) {
  switch (entity.type) {
    case "url":
    case "text_link":
      return linked(entity.url || words, say, bot);
    case "bot_command":
      return say ? command(words, say) : make("span", "tag");
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

function linked(address, say, bot) {
  const url = safe(address);
  if (!url) return make("span");
  const { hostname, pathname, searchParams } = new URL(url);
  const toBot = hostname === "t.me" && bot && pathname.toLowerCase() === `/${bot.toLowerCase()}`;
  if (!toBot || !say) return link(url);
  const button = make("button", "inline");
  button.type = "button";
  button.addEventListener("click", () => say(`/start ${searchParams.get("start") || ""}`.trim()));
  return button;
}

function command(words, say) {
  const button = make("button", "inline");
  button.type = "button";
  button.addEventListener("click", () => say(words));
  return button;
}

function spoiler() {
  const hidden = make("span", "spoiler");
  hidden.tabIndex = 0;
  hidden.setAttribute("role", "button");
  hidden.setAttribute("aria-label", "Hidden words: press to read");
  const show = () => {
    hidden.classList.add("shown");
    hidden.removeAttribute("aria-label");
  };
  hidden.addEventListener("click", show);
  hidden.addEventListener("keydown", (event) => event.key === "Enter" && show());
  return hidden;
}

/** "my" where the text is mostly Burmese, so that it gets room for its marks. */
export function language(text) {
  const marks = text.match(/[\u1000-\u109f]/g);
  return marks && marks.length > text.length / 4 ? "my" : "";
}
