/**
 * @module Writes of the sessions of one store that end in every way, and what they have erased.
 */

import { setImmediate as turn } from 'node:timers/promises';
import { Deadlines } from '../../source/deadlines.js';
import { ActiveWrites } from '../../source/session/active-writes.js';
import { LostSaves } from '../../source/session/lost-saves.js';
import type { SessionRecord } from '../../source/session/record.js';
import type { Write } from '../../source/session/write.js';

const id = 'a session';

/** A record with some values. */
export function record(values: object = {}): SessionRecord {
  return { cookie: {}, ...values };
}

/** Changes of some keys. */
export function changes(values: object): Map<string, unknown> {
  return new Map(Object.entries(values));
}

/** The writes of one store. */
export class OverlappingWrites {
  readonly active = new ActiveWrites(new Deadlines(100));
  readonly lost: LostSaves = this.create();
  /** The sessions that were to be repaired. */
  readonly repaired: string[] = [];
  /** Whether a repair works. */
  canRepair = true;

  /** The lost saves of another one that uses the same store. */
  create(): LostSaves {
    return new LostSaves(this.active, async (sessionId) => {
      this.repaired.push(sessionId);
      return this.canRepair;
    });
  }

  /** A write that reads its session. */
  begin(sessionId = id): Write {
    const write = this.active.begin(sessionId);
    this.lost.beforeRead(write);
    return write;
  }

  /** A write that misses its deadline; the store answers when what this returns is called. */
  giveUp(values: object, sessionId = id, write = this.begin(sessionId)): () => Promise<void> {
    this.lost.beforeCall(write, record(values));
    this.lost.settled(write);
    this.active.endPart(write);
    return async () => {
      this.lost.answered(write);
      await turn();
    };
  }

  /** The store answers a write in time. */
  async land(write: Write, values: object): Promise<void> {
    this.lost.beforeCall(write, record(values));
    this.lost.answered(write);
    this.lost.settled(write);
    this.active.endPart(write);
    await turn();
  }

  /** Changes are saved; what this returns takes them back. */
  save(values: object, sessionId = id): () => void {
    const write = this.active.begin(sessionId);
    this.lost.beforeWrite(write, changes(values));
    this.active.endPart(write);
    return () => this.lost.takeBack(write, changes(values));
  }

  /** What is made of a record that was found, without its cookie. */
  repair(values: object, sessionId = id): Record<string, unknown> {
    const { cookie: _cookie, ...data } = this.lost.repaired(sessionId, record(values));
    return data;
  }
}
