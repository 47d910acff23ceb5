/**
 * @module As much of WebSocket (RFC 6455) and Engine.IO 4 as a client of the benchmark needs: an
 * opening handshake, masked text frames of a client, and the frames of a server.
 */

import { randomBytes } from 'node:crypto';

/** The frame that opens the main namespace of Socket.IO. */
export const connectFrame: Buffer = clientFrame('40');

/** The answer to a ping of Engine.IO. */
export const pongFrame: Buffer = clientFrame('3');

/** A client's answer to the frame that closes a WebSocket, masked with nothing. */
export const closeFrame: Buffer = Buffer.of(0x88, 0x80, 0, 0, 0, 0);

/** The headers of a handshake that opens a WebSocket of Engine.IO. */
export function handshakeHeaders(cookie: string): Record<string, string> {
  return {
    host: '127.0.0.1',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    // Any 16 bytes: random ones would take their time of a storm in the server's process.
    'sec-websocket-key': 'MDEyMzQ1Njc4OWFiY2RlZg==',
    cookie,
  };
}

/** Where a WebSocket of Engine.IO is opened. */
export const handshakePath = '/socket.io/?EIO=4&transport=websocket';

/** A text frame as a client sends it, masked. */
export function clientFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  if (payload.length > 125) throw new RangeError(`Expected 125 bytes at most, got ${text}`);
  const mask = randomBytes(4);
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([Buffer.of(0x81, 0x80 | payload.length), mask, masked]);
}

/** A text frame as a server sends it. */
export function serverFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.of(0x81, payload.length), payload]);
}

/** How long a server's frame that begins at `start` is; undefined where its header is not there yet. */
export function frameLength(data: Buffer, start: number): number | undefined {
  const available = data.length - start;
  if (available < 2) return undefined;
  const length = data[start + 1] ?? 0;
  if (length < 126) return 2 + length;
  if (available < 10) return undefined;
  return length === 126
    ? 4 + data.readUInt16BE(start + 2)
    : 10 + Number(data.readBigUInt64BE(start + 2));
}

/** The text of a server's whole frame; undefined where the frame is none of text. */
export function frameText(frame: Buffer): string | undefined {
  if (frame[0] !== 0x81) return undefined;
  const length = frame[1] ?? 0;
  const header = length < 126 ? 2 : length === 126 ? 4 : 10;
  return frame.toString('utf8', header);
}
