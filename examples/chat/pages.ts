/**
 * @module The pages, as HTML. Every value is escaped on its way in; no script and no style is inline.
 */

import { limits, type User } from './events.js';

/** What a visitor sees who has not logged in. */
export function guestPage(name = '', problem = ''): string {
  return page(
    'Log in',
    'guest',
    html`
    <main class="card">
      ${logo}
      <h1>Common Room</h1>
      <p class="lead">One room, everybody in it. Pick a name and come in.</p>
      <form method="post" action="/login">
        <label for="name">Your name</label>
        <input id="name" name="name" value="${name}" maxlength="${limits.name}" required autofocus
          autocomplete="nickname" spellcheck="false" aria-describedby="name-problem">
        <p id="name-problem" class="problem" role="alert">${problem}</p>
        <button class="primary">Come in</button>
      </form>
      <aside id="refusal" class="refusal" role="status" data-state="asking">
        <p>Asking the chat whether it lets this page in…</p>
      </aside>
      <noscript><p class="problem">The chat itself needs JavaScript.</p></noscript>
    </main>
    <script type="module" src="/guest.js"></script>`,
  );
}

/** What a visitor sees who has. */
export function chatPage(user: User, messages: number): string {
  return page(
    'Chat',
    'chat',
    html`
    <div class="room">
      <header>
        ${logo}
        <div class="title">
          <h1>Common Room</h1>
          <p id="connection" role="status" data-state="connecting">Connecting…</p>
        </div>
        <form id="logout" method="post" action="/logout"><button class="quiet">Log out</button></form>
      </header>
      <section id="here" aria-labelledby="here-title">
        <h2 id="here-title"><span id="here-count">1</span> here</h2>
        <ul id="visitors"><li><span><bdi>${user.name}</bdi> (you)</span></li></ul>
      </section>
      <main>
        <div id="log" role="log" aria-label="Messages" tabindex="0">
          <p id="empty" hidden>It is quiet in here. Say hello.</p>
          <ol id="messages"></ol>
        </div>
        <button id="newest" class="quiet" type="button" hidden>New messages ↓</button>
      </main>
      <footer>
        <form id="composer">
          <label class="visually-hidden" for="text">Your message</label>
          <input id="text" maxlength="${limits.message}" placeholder="Write a message" autofocus
            autocomplete="off" enterkeyhint="send" aria-describedby="problem">
          <button class="primary" aria-label="Send">
            <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5 12h13M12.5 6l6 6-6 6"/></svg>
          </button>
        </form>
        <p id="problem" class="problem" role="alert"></p>
        <div id="logged-out" role="alert" hidden>
          <p></p>
          <a class="primary" href="/">Log in</a>
        </div>
        <p id="counter">Messages counted in your session: <b id="count">${messages}</b></p>
      </footer>
    </div>
    <template id="message">
      <li>
        <span class="avatar" aria-hidden="true"></span>
        <p class="meta"><bdi></bdi> <time></time></p>
        <p class="text" dir="auto"></p>
      </li>
    </template>
    <template id="visitor">
      <li><span class="avatar small" aria-hidden="true"></span> <span><bdi></bdi></span></li>
    </template>
    <noscript><p class="problem">The chat needs JavaScript.</p></noscript>
    <script type="module" src="/chat.js"></script>`,
  );
}

/** One sentence and the way back. */
export function problemPage(sentence: string): string {
  return page(
    'Sorry',
    'guest',
    html`
    <main class="card">
      ${logo}
      <h1>Sorry</h1>
      <p class="lead">${sentence}</p>
      <a class="primary" href="/">Back to the chat</a>
    </main>`,
  );
}

function page(title: string, name: string, body: Markup): string {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content">
    <meta name="color-scheme" content="light dark">
    <title>${title} · Common Room</title>
    <link rel="icon" href="/icon.svg">
    <link rel="stylesheet" href="/chat.css">
  </head>
  <body class="${name}">${body}
  </body>
</html>
`.text;
}

/** HTML that may be put into HTML as it is. */
class Markup {
  constructor(readonly text: string) {}
}

/** Escapes every value but `Markup`. Attribute values need their double quotes. */
function html(literals: TemplateStringsArray, ...values: (string | number | Markup)[]): Markup {
  return new Markup(String.raw({ raw: literals }, ...values.map(escapeHtml)));
}

function escapeHtml(value: string | number | Markup): string {
  if (value instanceof Markup) return value.text;
  return String(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const logo = new Markup('<img class="logo" src="/icon.svg" alt="" width="40" height="40">');
