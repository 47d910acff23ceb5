/**
 * @module The page in the browser: shows messages, sends them, and says how the connection is.
 */

import { io } from '/socket.io/socket.io.esm.min.js';
import { isLoggedOut, sentenceFor } from './problems.js';

const page = Object.fromEntries(
  [...document.querySelectorAll('[id]')].map((element) => [element.id, element]),
);
const text = page.text;
const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const fiveMinutes = 5 * 60 * 1000;

const socket = io('/chat');
let me;
let latest;
let isSending = false;
let isFollowing = true;

socket.on('connect', () => {
  showConnection('connected', 'Connected');
  showProblem('');
});

socket.on('welcome', (user, count, history) => {
  me = user;
  latest = undefined;
  showCount(count);
  // A screen reader announces what is new, not the history at every reconnection.
  page.log.ariaBusy = 'true';
  page.messages.replaceChildren();
  for (const message of history) add(message);
  page.log.ariaBusy = 'false';
  page.empty.hidden = history.length > 0;
  scrollToNewest();
});

socket.on('message', (message) => {
  add(message);
  page.empty.hidden = true;
  if (isFollowing || message.author.id === me?.id) scrollToNewest();
  else page.newest.hidden = false;
});

socket.on('count', showCount);

socket.on('here', (visitors) => {
  page['here-count'].textContent = visitors.length;
  const others = visitors.filter(({ id }) => id !== me?.id);
  page.visitors.replaceChildren(...[me, ...others].map(visitorItem));
});

socket.on('disconnect', (reason) => {
  if (hasLeft()) return;
  showConnection('connecting', 'Reconnecting…');
  // Socket.IO stays away when the server ended the connection. Asking once more tells us why.
  if (reason === 'io server disconnect') socket.connect();
});

socket.on('connect_error', (error) => {
  const code = error.data?.code;
  // Whoever was in here has logged in once: without a cookie now, they are logged out.
  if (isLoggedOut(code)) return leave(me ? 'ERR_SESSION_ENDED' : code);
  showConnection('connecting', 'Reconnecting…');
  if (socket.active) return;
  // Refused for now, say because the store is down: Socket.IO does not come back by itself.
  showProblem(sentenceFor(code));
  setTimeout(() => socket.connect(), 3000);
});

page.composer.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (isSending) return;
  if (text.value.trim() === '') return showProblem(sentenceFor('MESSAGE_EMPTY'));
  if (!socket.connected) return showProblem('You are offline. Your message is kept here.');

  isSending = true;
  const written = text.value;
  try {
    const problem = await socket.timeout(10_000).emitWithAck('message', written);
    if (isLoggedOut(problem)) return leave(problem);
    if (problem) return showProblem(sentenceFor(problem));
    // What was typed meanwhile is the next message.
    if (text.value === written) text.value = '';
    showProblem('');
  } catch {
    if (!hasLeft()) showProblem('The server did not answer. Please try again.');
  } finally {
    isSending = false;
  }
});

text.addEventListener('input', () => showProblem(''));
page.newest.addEventListener('click', () => {
  scrollToNewest();
  text.focus();
});
page.log.addEventListener('scroll', () => {
  isFollowing = page.log.scrollHeight - page.log.scrollTop - page.log.clientHeight < 80;
  if (isFollowing) page.newest.hidden = true;
});
// A phone's keyboard takes its room from the log.
new ResizeObserver(() => {
  if (isFollowing) scrollToNewest();
}).observe(page.log);

function add(message) {
  const item = page.message.content.cloneNode(true).querySelector('li');
  const [avatar, author, clock, words] = item.querySelectorAll('.avatar, bdi, time, .text');
  const sentAt = new Date(message.sentAt);
  const isOwn = message.author.id === me?.id;

  // Visitors write the names and messages: they are text, never HTML.
  avatar.textContent = [...message.author.name][0];
  author.textContent = isOwn ? 'You' : message.author.name;
  words.textContent = message.text;
  clock.textContent = time.format(sentAt);
  clock.dateTime = sentAt.toISOString();
  clock.title = dateAndTime.format(sentAt);

  item.style.setProperty('--hue', hueOf(message.author.id));
  item.classList.toggle('own', isOwn);
  item.classList.toggle('continued', continues(message));
  page.messages.append(item);
  latest = message;
}

function visitorItem({ id, name }) {
  const item = page.visitor.content.cloneNode(true).querySelector('li');
  const [avatar, words, own] = item.querySelectorAll('.avatar, span:last-child, bdi');
  own.textContent = name;
  if (id === me.id) words.append(' (you)');
  avatar.textContent = [...name][0];
  item.style.setProperty('--hue', hueOf(id));
  return item;
}

function continues(message) {
  return latest?.author.id === message.author.id && message.sentAt - latest.sentAt < fiveMinutes;
}

function hueOf(id) {
  return Number.parseInt(id.slice(0, 4), 16) % 360;
}

function showCount(count) {
  page.count.textContent = count;
}

function showConnection(state, words) {
  page.connection.dataset.state = state;
  page.connection.textContent = words;
}

function showProblem(sentence) {
  page.problem.textContent = sentence;
  text.ariaInvalid = sentence ? 'true' : 'false';
}

/** Only logging in helps from here. What has been written stays readable. */
function leave(code) {
  showConnection('logged-out', 'Logged out');
  page['logged-out'].querySelector('p').textContent = `${sentenceFor(code)} Log in to write again.`;
  page['logged-out'].hidden = false;
  for (const part of [page.composer, page.problem, page.counter, page.logout, page.here])
    part.hidden = true;
  socket.disconnect();
}

function hasLeft() {
  return page.composer.hidden;
}

function scrollToNewest() {
  page.log.scrollTop = page.log.scrollHeight;
  page.newest.hidden = true;
}
