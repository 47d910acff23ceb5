/**
 * @module The assertions of the type tests, for the compiler only: none of it is ever run.
 */

import type { Store } from 'express-session';

declare module 'express-session' {
  interface SessionData {
    votes: number;
    vote: string;
    ballot: { option: string; history: { round: number }[] };
  }
}

/** The events that the clients of the tests send. */
export interface ClientEvents {
  vote: (option: string, weight: number, ack: (accepted: boolean) => void) => void;
  look: () => void;
  search: (words: string, limit?: number) => void;
  tag: (...tags: string[]) => void;
}

/** The events that the servers of the tests send. */
export interface ServerEvents {
  welcome: (name: string) => void;
  ask: (question: string, ack: (answer: number) => void) => void;
}

/** The events that the servers of the tests send each other. */
export interface ClusterEvents {
  reload: (section: string) => void;
}

/** What the tests keep on `socket.data`. */
export interface SocketData {
  room: string;
}

export declare const store: Store;

/** `true` where the two are the same type, `any` being only itself. */
export type Equal<Left, Right> =
  (<Type>() => Type extends Left ? 1 : 2) extends <Type>() => Type extends Right ? 1 : 2
    ? true
    : false;

/** Compiles where its type argument is `true`. */
export declare function expect<_Claim extends true>(): void;
