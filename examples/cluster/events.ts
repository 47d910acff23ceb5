/**
 * @module The words that pages and processes exchange, and what the session remembers. Types only.
 */

import type { SessionErrorCode } from 'expression.socket.io';

/** A visitor: a guest, until they log in. The id is a room's name; it has nothing to do with the session's. */
export interface Person {
  id: string;
  name: string;
  isGuest: boolean;
}

/** One of the processes. */
export interface ServerProcess {
  pid: number;
  /** How many pages are connected to it. */
  tabs: number;
}

export interface ClientToServer {
  count(reply: (problem?: SessionErrorCode) => void): void;
}

export interface ServerToClient {
  /** From the process that serves the page from now on. */
  welcome(pid: number, person: Person, count: number): void;
  /** The visitor's session has counted to `count`, and process `pid` did it. */
  counted(count: number, pid: number): void;
  processes(all: readonly ServerProcess[]): void;
}

/** What the processes ask each other. */
export interface ProcessToProcess {
  describe(reply: (process: ServerProcess) => void): void;
}

declare module 'express-session' {
  interface SessionData {
    person: Person;
    count: number;
  }
}
