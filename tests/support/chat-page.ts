/**
 * @module The page of the chat example, as a visitor uses it.
 */

import { expect } from 'chai';
import type { BrowserContext, Page } from 'playwright-core';

/** Opens a further tab of the same visitor. */
export async function openTab(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto('/');
  await connected(page);
  return page;
}

/** Waits until a page has connected its socket. */
export async function connected(page: Page): Promise<void> {
  await page.getByText('Connected').waitFor();
}

/** Writes a message, and waits until its own page shows it. */
export async function write(page: Page, text: string): Promise<void> {
  await page.getByLabel('Your message').fill(text);
  await page.getByLabel('Your message').press('Enter');
  await messageFrom(page, 'You', text).waitFor();
}

/** The message of an author in the log of a page. */
export function messageFrom(page: Page, author: string, text: string) {
  return page
    .getByRole('log')
    .getByRole('listitem')
    .filter({ has: page.locator('bdi').getByText(author, { exact: true }) })
    .getByText(text, { exact: true });
}

/** The messages that a page shows. */
export async function messages(page: Page): Promise<string[]> {
  return page.locator('#log .text').allTextContents();
}

/** Waits until a page shows so many visitors, and expects these, in this order. */
export async function visitors(page: Page, expected: readonly string[]): Promise<void> {
  const number = page
    .locator('#here-count')
    .filter({ hasText: new RegExp(`^${expected.length}$`) });
  await number.waitFor({ timeout: 10_000 });
  const names = page.locator('#visitors li > :last-child');
  expect(await names.allTextContents()).to.deep.equal(expected);
}

/** The count that a page shows, where it is the expected one. */
export function count(page: Page, expected: number) {
  return page.locator('#count').getByText(String(expected), { exact: true });
}

/** The count in the page as the server sent it, before any script ran. */
export async function countByHttp(page: Page): Promise<string | undefined> {
  const response = await page.request.get(page.url());
  return /id="count">(\d+)</.exec(await response.text())?.[1];
}

/** The session cookie of a visitor. */
export async function sessionCookie(context: BrowserContext): Promise<string | undefined> {
  const cookies = await context.cookies();
  return cookies.find(({ name }) => name === 'connect.sid')?.value;
}

/** How many pixels stick out at the side, of the page or of anything that scrolls in it. */
export async function overflow(page: Page): Promise<number> {
  return page.evaluate<number>(`Math.max(
    document.documentElement.scrollWidth - window.innerWidth,
    ...Array.from(document.querySelectorAll('#log'), (log) => log.scrollWidth - log.clientWidth),
  )`);
}
