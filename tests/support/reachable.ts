/**
 * @module What somebody finds who looks into a value as far as they can.
 */

/** All that can be reached from a value: strings, and what bytes say. */
export function reachable(root: unknown): string {
  const texts: string[] = [];
  const values = [root];
  const seen = new Set(values);
  for (const value of values) {
    if (typeof value === 'string') texts.push(value);
    if (typeof value !== 'object' || value === null) continue;
    if (ArrayBuffer.isView(value)) texts.push(Buffer.from(value.buffer).toString('latin1'));
    const entries = value instanceof Map || value instanceof Set ? [...value].flat() : [];
    for (const key of Reflect.ownKeys(value)) entries.push(key, Reflect.get(value, key));
    for (const inner of entries) {
      if (!seen.has(inner)) values.push(inner);
      seen.add(inner);
    }
  }
  return texts.join('\n');
}
