import { SessionSocket } from 'expression.socket.io/client';

const [address = 'http://localhost:3000', name = 'Ada'] = process.argv.slice(2);

const login = await fetch(`${address}/login`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ name }),
});
const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? '';

/** The cookie goes here, and nowhere else. */
async function fetchTicket(): Promise<string> {
  const response = await fetch(`${address}/ticket`, { method: 'POST', headers: { cookie } });
  const { ticket, message } = (await response.json()) as { ticket?: string; message?: string };
  if (ticket === undefined) throw new Error(message);
  return ticket;
}

const socket = new SessionSocket(fetchTicket, address, { reconnectionDelay: 100 });

socket.on('hello', (name: string, connections: number) => {
  console.log(`Hello ${name}, this is connection ${connections} of your session`);
  // A lost connection, as phones have them: the client comes back with another ticket.
  if (connections === 1) socket.io.engine.close();
  else socket.disconnect();
});
socket.on('connect_error', (error) => {
  console.error(error.message);
  process.exitCode = 1;
  socket.disconnect();
});
