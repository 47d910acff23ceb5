/**
 * @module A real Chromium for the browser tests, driven by playwright-core.
 */

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { withoutService } from './service.js';

const executablePath = process.env.CHROMIUM_PATH || '/usr/bin/chromium';

/**
 * Launches Chromium with an empty user-data folder of its own, which `browser.close()` removes.
 * Where there is no Chromium, see `withoutService`.
 *
 * @param context `this` of a mocha `before`
 */
export async function requireChromium(context: Mocha.Context): Promise<Browser> {
  if (!existsSync(executablePath))
    return withoutService(
      context,
      `There is no Chromium at ${executablePath}; CHROMIUM_PATH may name another place.`,
    );

  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
