import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';
import { hashPassword } from '#api/passwords.ts';
import { insertUser } from '#db/users.ts';
import type { UserRole } from '#domain/states.ts';
import { addSession, type ApiWorld, startApiWorld } from '#test/api/world.ts';

const root = join(import.meta.dirname, '..', '..');
const pictures = join(import.meta.dirname, 'pictures');

export const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const;

export const password = 'quiet river under stones';

export interface Visitor {
  readonly page: Page;
  readonly id: string;
  readonly email: string;
  /** Opens an address of the panel and waits until it has loaded what it shows. */
  open(path: string): Promise<void>;
  /** Looks with axe, and takes the picture of the screen: of a desktop in light, of a phone in dark. */
  inspect(name: string): Promise<void>;
}

export interface PanelWorld {
  readonly api: ApiWorld;
  /** Somebody with a browser of their own, signed in unless `isStranger`. */
  visit(options?: { role?: UserRole; isStranger?: boolean }): Promise<Visitor>;
  /** Failures that a test provokes on purpose; everything else that the browser complains of fails it. */
  expectComplaint(pattern: RegExp): void;
}

type WorldOptions = NonNullable<Parameters<typeof startApiWorld>[0]>;

/** The API with the panel, and a browser that must have nothing to complain of: no error in its console, no request to elsewhere. */
export function usePanel(startWorld: (options: WorldOptions) => Promise<ApiWorld> = startApiWorld): PanelWorld {
  let world: ApiWorld;
  let browser: Browser;
  let contexts: BrowserContext[] = [];
  let complaints: string[] = [];
  let expected: RegExp[] = [];
  beforeAll(async () => {
    const settings = { temporalUiUrl: 'http://temporal.example.com', temporalNamespace: 'tidemark' };
    world = await startWorld({ panelFolder: join(root, 'panel', 'dist'), settings });
    browser = await chromium.launch({ executablePath: inject('chromium'), args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser.close();
    await world.stop();
  });
  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    const unexpected = complaints.filter((complaint) => !expected.some((pattern) => pattern.test(complaint)));
    [contexts, complaints, expected] = [[], [], []];
    expect(unexpected).toEqual([]);
  });
  return {
    get api() {
      return world;
    },
    expectComplaint: (pattern) => void expected.push(pattern),
    async visit({ role = 'user', isStranger = false } = {}) {
      const context = await browser.newContext({
        baseURL: world.url,
        viewport: sizes.desktop,
        timezoneId: 'Europe/Berlin',
        locale: 'en-GB',
      });
      contexts.push(context);
      const [id, email] = await addUser(world, role);
      if (!isStranger) await signIn(context, world, id);
      const page = await context.newPage();
      watchForComplaints(page, world.url, (complaint) => void complaints.push(complaint));
      return {
        page,
        id,
        email,
        async open(path) {
          await page.goto(path);
          await settle(page);
        },
        inspect: (name) => inspect(page, name),
      };
    },
  };
}

const passwordHash = hashPassword(password);

let count = 0;

async function addUser({ db }: ApiWorld, role: UserRole): Promise<[id: string, email: string]> {
  const [id, email] = [crypto.randomUUID(), `person-${++count}@example.com`];
  await insertUser(db, { id, email, name: `Person ${count}`, role, password_hash: await passwordHash });
  return [id, email];
}

/** Without the work that a password is made to cost. */
async function signIn(context: BrowserContext, { db, url }: ApiWorld, userId: string): Promise<void> {
  await context.addCookies([{ name: 'tidemark_session', value: await addSession(db, userId), url }]);
  await context.addInitScript("localStorage.setItem('tidemark-signed-in', 'yes')");
}

export function watchForComplaints(page: Page, url: string, complain: (complaint: string) => void): void {
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complain(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => complain(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) complain(`request to ${request.url()}`);
  });
}

/** Until nothing is loading any more. */
async function settle(page: Page): Promise<void> {
  await page.locator('h1').waitFor();
  await expect.poll(() => page.locator('[aria-busy=true]').count(), { timeout: 10_000 }).toBe(0);
}

/** Both sizes and both schemes; all four would find nothing else, and take twice as long. */
const looks = [
  { size: 'desktop', colorScheme: 'light' },
  { size: 'phone', colorScheme: 'dark' },
] as const;

/** What size and scheme can change; all else is the same page. */
const rulesOfLooks = ['color-contrast', 'target-size', 'scrollable-region-focusable', 'aria-hidden-focus', 'button-name', 'link-name'];

async function inspect(page: Page, name: string): Promise<void> {
  await mkdir(pictures, { recursive: true });
  for (const { size, colorScheme } of looks) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize(sizes[size]);
    await page.screenshot({ path: join(pictures, `${name}-${size}.png`) });
    // in the page itself: a second page for each look takes longer than the look
    const axe = new AxeBuilder({ page }).setLegacyMode();
    const { violations } = await (size === 'desktop' ? axe : axe.withRules(rulesOfLooks)).analyze();
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(
      serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('\n')}`),
      `${size}, ${colorScheme}`,
    ).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(sizes.desktop);
}
