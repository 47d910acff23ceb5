/**
 * @module What a test does without a service that it needs: it is skipped on a developer's machine,
 * and fails where somebody counts on it.
 */

/**
 * Skips the suite or test of `context` and says why; fails where `CI` or `REQUIRE_SERVICES` is set.
 *
 * @param context `this` of a mocha hook or test
 * @param reason a sentence: what is missing, and how to name another place
 */
export function withoutService(context: Mocha.Context, reason: string): never {
  if (process.env.CI || process.env.REQUIRE_SERVICES) throw new Error(reason);
  console.log(`      Skipped. ${reason}`);
  return context.skip();
}
