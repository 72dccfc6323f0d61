import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

/** Where Debian and others install Chromium. */
const EXECUTABLES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The installed browser; `undefined` skips the tests that need it: `npm test` installs it on Debian. */
export const CHROMIUM = EXECUTABLES.find((path) => existsSync(path));

/** A Chromium without a window. */
export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async launch(): Promise<TestBrowser> {
    const args = ['--no-sandbox', '--disable-dev-shm-usage'];
    // As the browsers of users: pages that were left stay in the back/forward cache.
    const ignoreDefaultArgs = ['--disable-back-forward-cache'];
    return new TestBrowser(await chromium.launch({ executablePath: CHROMIUM!, args, ignoreDefaultArgs }));
  }

  /** Opens a page of a new session. Errors of its scripts and violations of its policy go to `errors`. */
  async open(
    url: string,
    options: Parameters<Browser['newContext']>[0] = {},
  ): Promise<{ readonly page: Page; readonly context: BrowserContext; readonly errors: string[] }> {
    const context = await this.#browser.newContext(options);
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    await page.goto(url);
    return { page, context, errors };
  }

  /** Closes all pages, which would follow changes until the browser ends. */
  async closePages(): Promise<void> {
    await Promise.all(this.#browser.contexts().map((context) => context.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The violations of accessibility rules that axe finds in the page, one line each. */
export async function findViolations(page: Page): Promise<string[]> {
  // The policy of the page allows no inline script; the protocol of the browser may run one.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
  });
}
