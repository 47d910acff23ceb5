/**
 * @module Holds back the answers of a store to reads.
 */

import type { ControlledStore } from './stores.js';

/** Lets no read be answered until the function that it returns is called. */
export function holdReads(store: ControlledStore): () => void {
  const held: (() => void)[] = [];
  store.onGet = (_id, _callback, read) => held.push(read);
  return () => {
    store.onGet = undefined;
    for (const read of held) read();
  };
}
