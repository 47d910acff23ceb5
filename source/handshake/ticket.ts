/**
 * @module A ticket: an encrypted text that stands for a session id for a while. Encrypts and decrypts
 * it as a JSON Web Encryption (RFC 7516) with AES-256-GCM; leaves the secret and the claims to
 * `Tickets`.
 */

import type { webcrypto } from 'node:crypto';

/** What is in a ticket. */
export interface TicketContent {
  readonly sessionId: string;
  /** Tells tickets apart, where each is accepted once. */
  readonly ticketId: string;
  /** In milliseconds since 1970. */
  readonly expiry: number;
}

/** A key that seals and opens tickets. */
export type TicketKey = webcrypto.CryptoKey;

/** The longest text that is looked at; a ticket for a session id of the usual length has 250. */
export const longestTicket = 4_096;

/** The bytes of the initialization vector and of the authentication tag: RFC 7518, section 5.3. */
const vectorLength = 12;
const tagLength = 16;

/**
 * The protected header of every ticket. A ticket with any other is not ours, so nobody else chooses
 * an algorithm.
 */
const header = toBase64url(new TextEncoder().encode('{"alg":"dir","enc":"A256GCM"}'));

/**
 * Derives the key of one application's tickets from a secret: with HKDF (RFC 5869), so that neither
 * a signature of a cookie nor a ticket of another application tells anything about it.
 *
 * @param application what tells this application from others that have the same secret
 */
export async function deriveTicketKey(secret: string, application: string): Promise<TicketKey> {
  const { subtle } = globalThis.crypto;
  const bytes = new TextEncoder();
  const material = await subtle.importKey('raw', bytes.encode(secret), 'HKDF', false, [
    'deriveKey',
  ]);
  const info = bytes.encode(`expression.socket.io ticket ${application}`);
  return subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
}

/** Makes a ticket. */
export async function sealTicket(content: TicketContent, key: TicketKey): Promise<string> {
  const { sessionId, ticketId, expiry } = content;
  const claims = JSON.stringify({ sub: sessionId, jti: ticketId, exp: expiry / 1_000 });
  const vector = globalThis.crypto.getRandomValues(new Uint8Array(vectorLength));
  // WebCrypto appends the tag to the ciphertext.
  const sealed = new Uint8Array(
    await globalThis.crypto.subtle.encrypt(aesGcm(vector), key, new TextEncoder().encode(claims)),
  );
  const parts = [vector, sealed.subarray(0, -tagLength), sealed.subarray(-tagLength)];
  return [header, '', ...parts.map(toBase64url)].join('.');
}

/**
 * Opens a ticket, also one that has expired.
 *
 * @returns nothing where none of the keys opens it: it was made by somebody else, or altered
 */
export async function openTicket(
  ticket: string,
  keys: readonly TicketKey[],
): Promise<TicketContent | undefined> {
  for (const key of keys) {
    const content = await openWith(key, ticket);
    if (content) return content;
  }
  return undefined;
}

/**
 * Whether a value has the shape of a ticket: five parts of base64url, the second of them empty.
 *
 * Each part has to be written in the one way that it is written in: the last letter of one may hold
 * bits that mean nothing, and whoever alters those would have a second ticket of the first.
 */
export function isTicketShaped(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > longestTicket) return false;
  const parts = value.split('.', 6);
  return (
    parts.length === 5 &&
    parts.every((part, index) => (part === '') === (index === 1) && isCanonical(part))
  );
}

function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

async function openWith(key: TicketKey, ticket: string): Promise<TicketContent | undefined> {
  const [protectedHeader, , ...parts] = ticket.split('.');
  const [vector, ciphertext, tag] = parts.map((part) => Buffer.from(part, 'base64url'));
  if (protectedHeader !== header || !ciphertext) return undefined;
  if (vector?.length !== vectorLength || tag?.length !== tagLength) return undefined;
  try {
    const sealed = Buffer.concat([ciphertext, tag]);
    const claims = await globalThis.crypto.subtle.decrypt(aesGcm(vector), key, sealed);
    return readClaims(JSON.parse(new TextDecoder().decode(claims)));
  } catch {
    // The message helps nobody but a forger.
    return undefined;
  }
}

function aesGcm(iv: Uint8Array): webcrypto.AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(header) };
}

/** Reads what was encrypted with our key: by us, so a claim that is missing is another use of it. */
function readClaims(
  claims: {
    readonly [name in 'sub' | 'jti' | 'exp']?: unknown;
  },
): TicketContent | undefined {
  const { sub, jti, exp } = claims;
  if (typeof sub !== 'string' || typeof jti !== 'string' || typeof exp !== 'number') {
    return undefined;
  }
  return { sessionId: sub, ticketId: jti, expiry: exp * 1_000 };
}

function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}
