/**
 * @module The page in the browser: counts, and shows which process did what. Nothing in it is about
 * several processes, or about coming back after a login: Socket.IO's client does that by itself.
 */

import { io } from '/socket.io/socket.io.esm.min.js';

const page = Object.fromEntries(
  [...document.querySelectorAll('[id]')].map((element) => [element.id, element]),
);
const many = 40;

// `?polling` keeps to long polling, as behind a proxy that knows no WebSocket.
const isPolling = new URLSearchParams(location.search).has('polling');
const socket = io(isPolling ? { transports: ['polling'] } : {});
let here;
let personId;
let count = 0;
let processes = [];
/** How often each process has counted since this page was opened. */
const done = new Map();

socket.on('welcome', (pid, person, counted) => {
  if (person.id !== personId) done.clear();
  personId = person.id;
  here = pid;
  count = counted;
  page.who.textContent = person.name;
  page.login.hidden = !person.isGuest;
  page.logout.hidden = person.isGuest;
  page.ended.hidden = true;
  setCounting(true);
  showConnection('connected', `Connected to process ${pid}`);
  show();
});

// Words of different processes may overtake each other.
socket.on('counted', (counted, pid) => {
  count = Math.max(count, counted);
  done.set(pid, (done.get(pid) ?? 0) + 1);
  show();
  flash(pid);
});

socket.on('processes', (all) => {
  processes = all.toSorted((one, other) => one.pid - other.pid);
  show();
});

socket.on('disconnect', (reason) => {
  setCounting(false);
  if (reason !== 'io server disconnect') return showConnection('connecting', 'Reconnecting…');
  end(`The session has ended. Process ${here} disconnected this tab.`);
});

socket.on('connect_error', (error) => {
  setCounting(false);
  // Without a code, nobody answered: Socket.IO tries again.
  if (error.data?.code) return end(`The server has no session for this page: ${error.data.code}`);
  showConnection('connecting', 'Reconnecting…');
});

page['by-socket'].addEventListener('click', () => attempt(countBySocket));
page['by-http'].addEventListener('click', () =>
  attempt(async () => note(`Process ${await countByHttp()} answered over HTTP.`)),
);
page.many.addEventListener('click', () => attempt(countMany));

for (const form of [page.login, page.logout]) {
  form.addEventListener('submit', (event) => {
    if (event.submitter?.value !== 'fetch') return;
    event.preventDefault();
    attempt(() => request(form.action, new URLSearchParams(new FormData(form))));
  });
}

async function countBySocket() {
  const code = await socket.timeout(30_000).emitWithAck('count');
  if (code) throw new Error(code);
}

/** Tells which process answered. */
async function countByHttp() {
  const response = await request('/count');
  return (await response.json()).pid;
}

async function countMany() {
  const before = count;
  page.many.disabled = true;
  note(`Counting ${many} times at once, half of it over HTTP…`);
  const tasks = Array.from({ length: many / 2 }, () => [countBySocket(), countByHttp()]).flat();
  const results = await Promise.allSettled(tasks);
  const failed = results.filter(({ status }) => status === 'rejected');
  page.many.disabled = !socket.connected;
  if (failed.length > 0) throw failed[0].reason;
  // The last word of another process may still be on its way.
  await until(() => count >= before + many);
  note(`${many} at once, and ${count - before} counted.`);
}

async function request(address, body) {
  const response = await fetch(address, { method: 'POST', body });
  if (response.ok) return response;
  const { code } = await response.json().catch(() => ({}));
  throw new Error(code ?? `The server answered ${response.status}`);
}

async function attempt(task) {
  try {
    note('');
    await task();
  } catch (error) {
    note(`That did not work: ${error.message}`);
  }
}

async function until(isTrue) {
  for (let tries = 0; tries < 100 && !isTrue(); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function show() {
  page.count.textContent = count;
  const items = processes.map(({ pid, tabs }) => {
    const item = page.process.content.cloneNode(true).querySelector('li');
    const [name, connected, counted] = item.querySelectorAll('b, .tabs, .done');
    item.dataset.pid = pid;
    item.classList.toggle('serving', pid === here);
    name.textContent = pid;
    connected.textContent = pid === here ? tabsWithThis(tabs) : tabsOf(tabs);
    counted.textContent = `${done.get(pid) ?? 0} counted`;
    return item;
  });
  page.processes.replaceChildren(...items);
}

function tabsOf(number) {
  return number === 1 ? '1 tab' : `${number} tabs`;
}

function tabsWithThis(number) {
  return number > 1 ? `this tab, ${number - 1} more` : 'this tab';
}

function flash(pid) {
  const item = page.processes.querySelector(`[data-pid="${pid}"]`);
  item?.animate({ backgroundColor: ['var(--flash)', 'var(--bubble)'] }, 800);
}

function setCounting(isPossible) {
  for (const name of ['by-socket', 'by-http', 'many']) page[name].disabled = !isPossible;
}

function showConnection(state, words) {
  page.connection.dataset.state = state;
  page.connection.textContent = words;
  page.all.classList.toggle('stale', state !== 'connected');
}

function note(sentence) {
  page.note.textContent = sentence;
}

/** Only a new session helps from here, which a new page brings. */
function end(sentence) {
  showConnection('ended', 'Logged out');
  page.ended.querySelector('p').textContent = sentence;
  page.ended.hidden = false;
  page.login.hidden = true;
  page.logout.hidden = true;
}
