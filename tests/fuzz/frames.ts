/**
 * @module A client that keeps to no protocol: WebSocket frames, Engine.IO packets and Socket.IO packets
 * that are cut off, of the wrong type, too long, or name attachments that never come, on a connection
 * of its own. Others are answered as before, and nobody is somebody else.
 */

import { once } from 'node:events';
import { connect, type Socket as TcpSocket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import type { Wire } from '../support/wire.js';
import { inTime, Site } from './site.js';

/** One WebSocket frame, or something like it: https://www.rfc-editor.org/rfc/rfc6455#section-5.2 */
interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly isFinal: boolean;
  readonly reserved: number;
  readonly isMasked: boolean;
  /** What it says of its length: as it is, where `undefined`. */
  readonly length: number | undefined;
  /** How many bytes of it are sent. */
  readonly share: number;
}

const socketPackets = [
  '2["who"]',
  '21["who"]',
  '2["who","x"]',
  '2/other,["who"]',
  '0',
  '0{"session":"x"}',
  '0{"__proto__":{"polluted":true}}',
  '2["who",{"__proto__":{"polluted":true}}]',
  '2["__proto__",{"polluted":true}]',
  '51-["who",{"_placeholder":true,"num":0}]',
  '51-["who",{"_placeholder":true,"num":7}]',
  '51-["who",{"_placeholder":true,"num":-1}]',
  '51-["who",{"_placeholder":true,"num":"__proto__"}]',
  '51-["who",{"_placeholder":true}]',
  '50-["who",{"_placeholder":true,"num":0}]',
  '5999999999999-["who"]',
  '5-1-["who"]',
  '51e9-["who"]',
  '5["who"]',
  '61-1["who",{"_placeholder":true,"num":0}]',
  '31[]',
  '4"x"',
  '1',
  '7',
  '299999999999999999999["who"]',
  '2[{"toString":1}]',
  '2[null]',
  '2["connection"]',
  '2["disconnect"]',
  '2["sessionend","destroyed"]',
];

const texts = fc.oneof(
  // Messages of Engine.IO, each with a packet of Socket.IO.
  { weight: 5, arbitrary: fc.constantFrom(...socketPackets).map((packet) => `4${packet}`) },
  // Its other packets: open, close, ping, pong, upgrade, noop, and none at all.
  { weight: 2, arbitrary: fc.constantFrom('0', '1', '2probe', '3', '5', '6', '7', 'b4AAA', '') },
  fc.string({ maxLength: 300 }).map((text) => `4${text}`),
  fc.string({ maxLength: 300 }),
);

const frames: fc.Arbitrary<Frame> = fc.record({
  opcode: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(1, 2) },
    fc.integer({ max: 15, min: 0 }),
  ),
  payload: fc.oneof(
    { weight: 6, arbitrary: texts.map((text) => Buffer.from(text)) },
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  ),
  isFinal: fc.oneof({ weight: 8, arbitrary: fc.constant(true) }, fc.boolean()),
  reserved: fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 7 })),
  isMasked: fc.oneof({ weight: 12, arbitrary: fc.constant(true) }, fc.boolean()),
  length: fc.oneof(
    { weight: 12, arbitrary: fc.constant(undefined) },
    fc.constantFrom(0, 5, 125, 70_000, 2 ** 31, Number.MAX_SAFE_INTEGER),
  ),
  share: fc.oneof(
    { weight: 12, arbitrary: fc.constant(1) },
    fc.double({ min: 0, max: 1, noNaN: true }),
  ),
});

const visits = fc.record({
  hasSession: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
  isJoined: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
  frames: fc.array(frames, { minLength: 1, maxLength: 6 }),
  /** The body of a request, where the client polls. */
  body: fc.option(
    fc.oneof(
      texts,
      texts.map((text) => `${text}\u001e${text}`),
    ),
    { freq: 5 },
  ),
});

/** Opens so many connections; tells how many events had a session: that of their own client. */
export async function fuzzFrames(runs: number, seed: number): Promise<number> {
  const site = new Site(seed);
  let expected: string | null = null;
  let known = 0;
  const wrong: string[] = [];
  site.welcome('/', ({ socket }) => {
    socket.sessOn('who', (_err, session, ...args: unknown[]) => {
      const who = session ? session['test:who'] : null;
      const ack = args.at(-1);
      if (args[0] === 'barrier') return typeof ack === 'function' ? ack(who) : undefined;
      if (who !== expected) wrong.push(`${String(who)} was heard, and ${expected} was there`);
      if (who !== null) known++;
      if (typeof ack === 'function') ack(who);
    });
  });
  try {
    const port = await site.listen();
    const attacker = site.login({ 'test:who': 'the attacker' });
    const other = site.open({ headers: { cookie: site.login({ 'test:who': 'another' }).cookie } });
    await other.join();
    await fc.assert(
      fc.asyncProperty(visits, async ({ hasSession, isJoined, frames: sent, body }) => {
        expected = hasSession && isJoined ? 'the attacker' : null;
        const cookie = hasSession ? attacker.cookie : undefined;
        if (body !== null) await inTime(() => post(port, cookie, body));
        const socket = await inTime(() => upgrade(port, cookie));
        if (isJoined) {
          socket.write(bytesOf(plain('40')));
          // What comes before the server's answer, Socket.IO refuses.
          await inTime(() => heard(socket, '40{'));
          socket.write(bytesOf(plain('42["who"]')));
        }
        for (const frame of sent) socket.write(bytesOf(frame));
        // Socket.IO drops what comes right before the end of a connection.
        if (isJoined) await answered(socket);
        socket.end();
        await inTime(() => closed(socket));
        await inTime(() => expectAnswered(other));
        if (wrong.length > 0) throw new Error(wrong.splice(0).join());
        site.check();
      }),
      { numRuns: Math.ceil(runs / 3), seed },
    );
    other.close();
  } finally {
    await site.stop();
  }
  return known;
}

function plain(text: string): Frame {
  const payload = Buffer.from(text);
  const frame = { opcode: 1, isFinal: true, reserved: 0, isMasked: true, share: 1 };
  return { ...frame, payload, length: undefined };
}

function bytesOf({ opcode, payload, isFinal, reserved, isMasked, length, share }: Frame): Buffer {
  const first = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode;
  const told = length ?? payload.length;
  const mask = isMasked ? 0x80 : 0;
  let head: Buffer;
  if (told < 126) head = Buffer.from([first, mask | told]);
  else if (told < 65_536) {
    head = Buffer.from([first, mask | 126, told >> 8, told & 255]);
  } else {
    head = Buffer.alloc(10);
    head.set([first, mask | 127]);
    head.writeBigUInt64BE(BigInt(told), 2);
  }
  // A key of zeros masks nothing.
  const bytes = Buffer.concat([head, Buffer.alloc(isMasked ? 4 : 0), payload]);
  return bytes.subarray(0, Math.ceil(bytes.length * share));
}

/** Opens a WebSocket, and keeps its connection. */
async function upgrade(port: number, cookie: string | undefined): Promise<TcpSocket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(
    [
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
      'Host: shop.example',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...(cookie ? [`Cookie: ${cookie}`] : []),
      '\r\n',
    ].join('\r\n'),
  );
  await heard(socket, '0{"sid"');
  return socket;
}

/** Waits until the server has sent a text. */
async function heard(socket: TcpSocket, text: string): Promise<void> {
  for (let all = ''; !all.includes(text); ) {
    const [data] = await once(socket, 'data');
    all += String(data);
  }
}

/** Waits until all was heard; for a moment only, where the server waits for the rest of a frame. */
async function answered(socket: TcpSocket): Promise<void> {
  socket.write(bytesOf(plain('429["who","barrier"]')));
  await Promise.race([heard(socket, '439['), closed(socket), delay(30)]);
}

async function closed(socket: TcpSocket): Promise<void> {
  socket.resume();
  if (!socket.destroyed) await once(socket, 'close');
}

/** What a client that polls sends, to a session of Engine.IO of its own. */
async function post(port: number, cookie: string | undefined, body: string): Promise<void> {
  const url = `http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling`;
  const headers = cookie ? { cookie } : {};
  const opened = await (await fetch(url, { headers })).text();
  const { sid } = JSON.parse(opened.slice(1));
  const response = await fetch(`${url}&sid=${sid}`, { method: 'POST', headers, body });
  await response.text();
}

async function expectAnswered(other: Wire): Promise<void> {
  other.sent.length = 0;
  other.receive('21["who","barrier"]');
  const answer = await other.answer((packet) => packet.startsWith('31['));
  if (answer !== '31["another"]') throw new Error(`Another visitor was answered ${answer}`);
}
