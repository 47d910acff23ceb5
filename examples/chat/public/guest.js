/**
 * @module Tries the chat's door without having logged in, and says what it answers.
 */

import { io } from '/socket.io/socket.io.esm.min.js';
import { sentenceFor } from './problems.js';

const refusal = document.querySelector('#refusal');
// A single knock needs no upgrade from polling.
const socket = io('/chat', { transports: ['websocket'], reconnection: false });

// Only where somebody logged in elsewhere since the page was made.
socket.on('connect', () => show('accepted', 'The chat knows you. Reload the page to come in.'));

socket.on('connect_error', (error) => {
  const code = error.data?.code;
  if (code) show('refused', `The chat did not let this page in. ${sentenceFor(code)}`);
  else show('unreachable', 'The chat cannot be reached right now.');
});

function show(state, sentence) {
  const text = document.createElement('p');
  text.textContent = sentence;
  refusal.replaceChildren(text);
  refusal.dataset.state = state;
}
