// The sandbox's page: the channels on the left, a private chat with the bot on the right.

import { Composer } from "./composer.js";
import { openPopup } from "./popup.js";
import { Stream } from "./stream.js";
import { make, safe } from "./text.js";

const TRIES = [["/latest", "The latest headlines"], ["/related", "More on the newest story"], ["/help", "What else can it do?"]];
const $ = (id) => document.getElementById(id);
const streams = new Map(); // chat id -> Stream
const tabs = new Map(); // chat id -> its tab
let state, composer, source, nextAt = 0;

/** Post an action to the sandbox; false if it failed. */
async function tell(path, body) {
  const headers = { "Content-Type": "application/json" };
  try {
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) toast((await answer.json()).error);
    return answer.ok;
  } catch {
    return false; // the sandbox has stopped: the event stream shows it
  }
}

const say = (text, post = null) => {
  choose(state.chat.id);
  return tell("say", { text, reply_to: post ? post.id : 0 });
};
const start = (word) => say(`/start ${word}`.trim());
const press = (message, row, column) => tell("press", { chat: message.chat, id: message.id, row, column });

async function begin() {
  state = await (await fetch("state")).json();
  document.body.dataset.channels = state.channels.length;
  state.channels.forEach((channel, place) => streams.set(channel.id, openChannel(channel, place)));
  streams.set(state.chat.id, openChat(state.chat));
  for (const chat of [...state.channels, state.chat]) streams.get(chat.id).load(chat.messages);
  choose(state.channels[0].id);
  showSite(state.site);
  follow();
}

function openChannel(channel, place) {
  const pane = openPane("channel-pane", channel, place);
  pane.querySelector(".avatar").classList.add(["first", "second", "third"][place % 3]);
  pane.classList.toggle("chosen", place === 0);
  return new Stream(pane, { start, press, bot: state.chat.username, more: openMenu });
}

function openChat(chat) {
  const pane = openPane("chat-pane", chat, state.channels.length);
  const begin = make("button", "start", "Start");
  begin.addEventListener("click", () => start(""));
  const tries = TRIES.map(([command, words]) => {
    const button = make("button", "", words);
    button.addEventListener("click", () => say(command));
    return button;
  });
  pane.querySelector(".tries").append(begin, ...tries);
  composer = new Composer(pane.querySelector("form"), say);
  composer.setCommands(chat.commands);
  return new Stream(pane, { say, start, press, bot: chat.username, more: openMenu });
}

function openPane(template, chat, place) {
  const pane = $(template).content.cloneNode(true).firstElementChild;
  pane.id = `pane-${place}`;
  pane.dataset.chat = chat.id;
  pane.querySelector("h2").textContent = chat.title;
  pane.querySelector(".top p").textContent = chat.about;
  for (const avatar of pane.querySelectorAll(".avatar")) avatar.textContent = [...chat.title.replace(/^The /, "")][0];
  pane.querySelector(".stream").setAttribute("aria-label", chat.title);
  $("panes").append(pane);
  const tab = make("button", chat.id === state.chat.id ? "for-chat" : "", chat.tab);
  tab.type = "button";
  tab.id = `tab-${place}`;
  tab.setAttribute("role", "tab");
  tab.setAttribute("aria-controls", pane.id);
  tab.addEventListener("click", () => choose(chat.id));
  tab.addEventListener("keydown", moveAlongTabs);
  pane.setAttribute("aria-label", chat.title);
  $("tabs").append(tab);
  tabs.set(chat.id, tab);
  return pane;
}

/** Show this chat if there is no room for all of them. */
function choose(id) {
  const isChannel = id !== state.chat.id;
  for (const pane of document.querySelectorAll(".pane")) {
    const mine = Number(pane.dataset.chat) === id;
    pane.classList.toggle("shown", mine);
    if (isChannel && pane.classList.contains("channel")) pane.classList.toggle("chosen", mine);
  }
  for (const [chat, tab] of tabs) {
    tab.setAttribute("aria-selected", String(chat === id));
    tab.tabIndex = chat === id ? 0 : -1;
  }
  tabs.get(id).querySelector(".count")?.remove();
  const stream = streams.get(id);
  if (stream?.following) stream.toNewest(false);
}

function moveAlongTabs(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const all = [...tabs.keys()].filter((id) => tabs.get(id).offsetParent);
  const place = all.findIndex((id) => tabs.get(id) === event.currentTarget);
  const id = all[(place + step + all.length) % all.length];
  choose(id);
  tabs.get(id).focus();
}

function countOnTab(id) {
  const pane = document.querySelector(`.pane[data-chat="${id}"]`);
  if (pane.offsetParent) return;
  const tab = tabs.get(id);
  const count = tab.querySelector(".count") || tab.appendChild(make("span", "count", "0"));
  count.textContent = String(Number(count.textContent) + 1);
}

/* events of the fake Telegram */

function follow() {
  source = new EventSource(`events?after=${state.after}&run=${state.run}`);
  source.addEventListener("open", () => ($("lost").hidden = true));
  source.addEventListener("error", () => ($("lost").hidden = false));
  source.addEventListener("message", (event) => happened(JSON.parse(event.data)));
}

function happened(event) {
  const stream = streams.get(event.message?.chat ?? event.chat);
  switch (event.kind) {
    case "message":
      stream?.add(event.message);
      if (stream) countOnTab(event.message.chat);
      if (event.message.chat === state.chat.id) typing(false);
      break;
    case "edited":
      stream?.edit(event.message);
      break;
    case "deleted":
      stream?.remove(event.id);
      break;
    case "typing":
      if (event.chat === state.chat.id) typing(true);
      break;
    case "toast":
      toast(event.text);
      break;
    case "commands":
      composer.setCommands(event.commands);
      break;
    case "site":
      showSite(event.site);
      break;
    case "reload":
      location.reload();
  }
}

let typingEnds;
function typing(on) {
  const line = document.querySelector(".chat .top p");
  line.textContent = on ? "is typing …" : state.chat.about;
  line.classList.toggle("typing", on);
  clearTimeout(typingEnds);
  if (on) typingEnds = setTimeout(typing, 5000, false);
}

let toastEnds;
function toast(text) {
  if (!text) return;
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toastEnds);
  toastEnds = setTimeout(() => ($("toast").hidden = true), 3500);
}

/* the newsroom */

function showSite(site) {
  $("desk").hidden = !site;
  if (!site) {
    $("what").textContent = "Your own site’s news, as your channel would show it. Nothing is sent to Telegram.";
    return;
  }
  $("site").href = site.url;
  const pace = $("pace");
  if (![...pace.options].some((option) => Number(option.value) === site.pace))
    pace.append(new Option(`every ${site.pace} s`, site.pace));
  pace.value = String(site.pace);
  nextAt = site.next_in === null ? 0 : performance.now() + site.next_in * 1000;
  count();
}

function count() {
  const left = Math.max(0, Math.ceil((nextAt - performance.now()) / 1000));
  $("next").textContent = nextAt ? `Next story in ${left} s` : "";
}

async function edit(event) {
  const button = event.target.closest("[data-do]");
  if (!button) return;
  const shown = document.querySelector(".channel.shown, .channel.chosen");
  const place = state.channels.findIndex(({ id }) => id === Number(shown?.dataset.chat));
  await tell("story", { do: button.dataset.do, language: state.channels[Math.max(place, 0)].language });
}

/* actions for a message */

function openMenu(message, button) {
  const ours = message.chat === state.chat.id;
  const entries = [
    ours
      ? { icon: "reply", words: "Reply", act: () => composer.answer(message) }
      : { icon: "ask", words: "Ask the bot for related stories", act: () => forward(message) },
  ];
  const linked = message.entities.find(({ type }) => type === "text_link" || type === "url");
  const words = linked && message.text.slice(linked.offset, linked.offset + linked.length);
  const url = safe(linked?.url || words || message.preview?.url || "");
  if (url) entries.push({ icon: "open", words: "Open the story", url });
  openPopup(entries, button);
}

async function forward(message) {
  choose(state.chat.id);
  await tell("forward", { chat: message.chat, id: message.id });
}

$("desk").addEventListener("click", edit);
$("pace").addEventListener("change", () => tell("story", { do: "pace", seconds: Number($("pace").value) }));
setInterval(count, 250);
begin();
