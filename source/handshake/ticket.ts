/**
 * @module Encrypts and decrypts tickets, which contain a session id, as JSON Web Encryption (RFC 7516)
 * with AES-256-GCM. `Tickets` has the secrets, and decides whether a ticket is accepted.
 */

import type { webcrypto } from 'node:crypto';

/** The content of a ticket. */
export interface TicketContent {
  readonly sessionId: string;
  /** A unique id, so that a ticket can be accepted only once. */
  readonly ticketId: string;
  /** In milliseconds since 1970. */
  readonly expiry: number;
}

/** A key that encrypts and decrypts tickets. */
export type TicketKey = webcrypto.CryptoKey;

/** The longest text that is accepted; a ticket for a session id of the usual length has 250 characters. */
export const longestTicket = 4_096;

/** The length of the initialization vector and of the authentication tag in bytes: RFC 7518, section 5.3. */
const vectorLength = 12;
const tagLength = 16;

/**
 * The protected header of every ticket. A ticket with another header is refused, so that clients
 * cannot choose the algorithm.
 */
const header = toBase64url(new TextEncoder().encode('{"alg":"dir","enc":"A256GCM"}'));

/**
 * Derives the key of one application's tickets from a secret with HKDF (RFC 5869), so that neither
 * signatures of cookies nor tickets of other applications reveal anything about it.
 *
 * @param application a name that differs from other applications with the same secret
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

/** Encrypts a ticket. */
export async function encryptTicket(content: TicketContent, key: TicketKey): Promise<string> {
  const { sessionId, ticketId, expiry } = content;
  const claims = JSON.stringify({ sub: sessionId, jti: ticketId, exp: expiry / 1_000 });
  const vector = globalThis.crypto.getRandomValues(new Uint8Array(vectorLength));
  // WebCrypto appends the tag to the ciphertext.
  const encrypted = new Uint8Array(
    await globalThis.crypto.subtle.encrypt(aesGcm(vector), key, new TextEncoder().encode(claims)),
  );
  const parts = [vector, encrypted.subarray(0, -tagLength), encrypted.subarray(-tagLength)];
  return [header, '', ...parts.map(toBase64url)].join('.');
}

/**
 * Decrypts a ticket, even if it has expired.
 *
 * @returns undefined if none of the keys decrypts it: it was made with another secret, or altered
 */
export async function decryptTicket(
  ticket: string,
  keys: readonly TicketKey[],
): Promise<TicketContent | undefined> {
  for (const key of keys) {
    const content = await decryptWith(key, ticket);
    if (content) return content;
  }
  return undefined;
}

/**
 * Whether a value has the form of a ticket: five parts of base64url, of which the second is empty.
 *
 * Each part must be in canonical base64url: otherwise, changing the unused bits of its last character
 * would make a second valid ticket from the first.
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

async function decryptWith(key: TicketKey, ticket: string): Promise<TicketContent | undefined> {
  const [protectedHeader, , ...parts] = ticket.split('.');
  const [vector, ciphertext, tag] = parts.map((part) => Buffer.from(part, 'base64url'));
  if (protectedHeader !== header || !ciphertext) return undefined;
  if (vector?.length !== vectorLength || tag?.length !== tagLength) return undefined;
  try {
    const encrypted = Buffer.concat([ciphertext, tag]);
    const claims = await globalThis.crypto.subtle.decrypt(aesGcm(vector), key, encrypted);
    return readClaims(JSON.parse(new TextDecoder().decode(claims)));
  } catch {
    // The reason would only help an attacker.
    return undefined;
  }
}

function aesGcm(iv: Uint8Array): webcrypto.AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(header) };
}

/** Reads the claims. If one is missing, the key was used for something else than a ticket. */
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
