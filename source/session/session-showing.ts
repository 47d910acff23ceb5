/**
 * @module A newer state of a session becomes visible in the object that somebody holds.
 */

/**
 * Shows one session in another, of the same make.
 *
 * @param keep which top-level keys stay as they are
 */
export function showIn(
  held: object,
  newer: object,
  keep: (key: string) => boolean = () => false,
): void {
  for (const key of new Set([...Object.keys(held), ...Object.keys(newer)])) {
    if (keep(key)) continue;
    if (Object.hasOwn(newer, key)) Reflect.set(held, key, Reflect.get(newer, key));
    else Reflect.deleteProperty(held, key);
  }
}
