/**
 * @module The words that page and server exchange, and what the session remembers. Types and limits
 * only: everything else in this folder imports them.
 */

import type { SessionErrorCode } from 'expression.socket.io';

/** How much of everything the chat takes. */
export const limits = { name: 24, message: 500, history: 50 } as const;

/** A visitor who logged in. The id is public; it has nothing to do with the session's. */
export interface User {
  id: string;
  name: string;
}

export interface Message {
  author: User;
  text: string;
  /** Milliseconds since 1970. */
  sentAt: number;
}

/** Why a message was not taken. */
export type Problem = SessionErrorCode | 'MESSAGE_EMPTY' | 'MESSAGE_TOO_LONG';

export interface ClientToServer {
  message(text: string, reply: (problem?: Problem) => void): void;
}

export interface ServerToClient {
  welcome(you: User, count: number, history: readonly Message[]): void;
  message(message: Message): void;
  /** Who is here: each visitor once, with however many tabs. */
  here(visitors: readonly User[]): void;
  /** How many messages the visitor's session has counted. */
  count(count: number): void;
}

declare module 'express-session' {
  interface SessionData {
    user: User;
    messages: number;
  }
}
