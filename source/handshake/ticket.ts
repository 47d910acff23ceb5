/**
 * @module A ticket: an encrypted text that stands for a session id, for a while. Knows how it is
 * sealed (a JSON Web Encryption, RFC 7516, with AES-256-GCM) and what is in it; must not know where
 * the secret comes from, nor who shows the ticket.
 */

import type { webcrypto } from 'node:crypto';
import { jwtDecrypt } from 'jose/jwt/decrypt';
import { EncryptJWT } from 'jose/jwt/encrypt';

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

const algorithm = { alg: 'dir', enc: 'A256GCM' } as const;

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
export function sealTicket(content: TicketContent, key: TicketKey): Promise<string> {
  const { sessionId, ticketId, expiry } = content;
  return new EncryptJWT({ sub: sessionId, jti: ticketId, exp: expiry / 1_000 })
    .setProtectedHeader(algorithm)
    .encrypt(key);
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
  try {
    const { payload } = await jwtDecrypt(ticket, key, {
      keyManagementAlgorithms: [algorithm.alg],
      contentEncryptionAlgorithms: [algorithm.enc],
      // Expiry is told from forgery by whoever asks, and not in whole seconds, as it would be here.
      currentDate: new Date(0),
    });
    const { sub, jti, exp } = payload;
    if (sub === undefined || jti === undefined || exp === undefined) return undefined;
    return { sessionId: sub, ticketId: jti, expiry: exp * 1_000 };
  } catch {
    // What it says is of no use to anybody but a forger, and may hold what is in the ticket.
    return undefined;
  }
}
