// What every browser journey stands on: one chromium a test, a page that remembers everything that went wrong on
// it, and axe. `visit` is the usual way in; see DEVELOPERS.md for how to write a journey.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const SCREENSHOTS = fileURLToPath(new URL("../../target/browser/", import.meta.url));
const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** The widths every page must hold at: a desk, a phone, and the reflow width of WCAG 1.4.10. */
export const WIDTHS = [1280, 390, 320];

/** The address of the running demo, ending in "/". */
export function base() {
  const url = process.env.FIRSTHOURS_URL;
  assert.ok(url, "FIRSTHOURS_URL is not set: start the journeys by run.mjs");
  return url;
}

/**
 * Runs `body(visitor)` with a fresh chromium and closes it whatever happens.
 * Options: `width` (1280), `height` (900), `javaScript` (true), `locale` ("en-US").
 *
 * When the body returns, the visit fails if any page reported a policy violation, threw, answered 5xx, or answered
 * 4xx where the body had not said `visitor.expect(status)`.
 */
export async function visit(options, body) {
  const { width = 1280, height = 900, javaScript = true, locale = "en-US" } = options;
  const profile = await mkdtemp(join(tmpdir(), "firsthours-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    args: FLAGS,
    ignoreDefaultArgs: ["--enable-automation"],
    viewport: { width, height },
    // A page without JavaScript still has to be looked at by axe, which is a script: see `axe`.
    javaScriptEnabled: javaScript,
    locale,
    reducedMotion: "reduce",
  });
  try {
    const visitor = new Visitor(context, { width, javaScript });
    await body(visitor);
    visitor.assertClean();
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
}

class Visitor {
  #expected = [];
  /** Everything that went wrong so far, as sentences. */
  troubles = [];

  constructor(context, { width, javaScript }) {
    this.width = width;
    this.javaScript = javaScript;
    this.page = context.pages()[0];
    context.on("console", (message) => {
      const text = message.text();
      const policy = /content security policy|refused to|violates the following/i.test(text);
      if (policy || message.type() === "error") {
        // Chromium repeats every bad answer as a console error; those are judged by their status below.
        if (!policy && /Failed to load resource/.test(text)) return;
        this.troubles.push(`console on ${message.page()?.url()}: ${text}`);
      }
    });
    context.on("weberror", (error) => this.troubles.push(`script error: ${error.error().message}`));
    context.on("requestfailed", (request) => {
      const why = request.failure()?.errorText ?? "";
      // A navigation that replaces another one aborts what the first still loaded; a download is reported so too.
      if (why !== "net::ERR_ABORTED") this.troubles.push(`${request.method()} ${request.url()}: ${why}`);
    });
    context.on("response", (response) => {
      const status = response.status();
      if (status < 400) return;
      const at = this.#expected.indexOf(status);
      if (at >= 0) this.#expected.splice(at, 1);
      else this.troubles.push(`${response.request().method()} ${response.url()}: ${status}`);
    });
  }

  /** Opens a path of the demo and returns its status. */
  async open(path) {
    const response = await this.page.goto(new URL(path, base()).href, { waitUntil: "load" });
    return response.status();
  }

  /** One coming answer may have this status of 400 or more. It must come, or the visit fails. */
  expect(status) {
    this.#expected.push(status);
  }

  /** The violations axe finds in this page and its frames: empty when there are none. */
  async axe() {
    // With JavaScript off the same markup is judged in a second page that has it on.
    if (!this.javaScript) return this.#axeOfMarkup();
    return axe(this.page);
  }

  async #axeOfMarkup() {
    const found = [];
    const address = this.page.url();
    const html = await this.page.content();
    await visit({ width: this.width }, async (other) => {
      await other.page.route(address, (route) => route.fulfill({ contentType: "text/html", body: html }));
      await other.page.goto(address);
      found.push(...(await axe(other.page)));
    });
    return found;
  }

  /** Fails unless axe finds nothing, the page does not scroll sideways, and it has one heading of the first level. */
  async assertAccessible() {
    const found = await this.axe();
    assert.deepEqual(found, [], `axe on ${this.page.url()} at ${this.width} px`);
    const { content, view } = await measure(this.page);
    assert.ok(content <= view, `${this.page.url()} is ${content} px wide at ${view} px`);
    assert.equal(await this.page.locator("h1").count(), 1, `headings of the first level on ${this.page.url()}`);
  }

  /**
   * Follows every link of this site from the page that is open, judges each page by `assertAccessible`, and returns
   * the paths it saw. `skip` names paths not to follow (a regular expression); more than `limit` pages fail, so that
   * nothing is left out unnoticed.
   */
  async assertEveryPageAccessible({ skip = /$^/, limit = 200 } = {}) {
    const origin = new URL(base()).origin;
    const seen = new Set();
    const open = [this.page.url()];
    while (open.length > 0) {
      const url = new URL(open.shift());
      if (url.origin !== origin || skip.test(url.pathname) || seen.has(url.pathname + url.search)) continue;
      seen.add(url.pathname + url.search);
      assert.ok(seen.size <= limit, `more than ${limit} pages`);
      await this.page.goto(url.href, { waitUntil: "load" });
      await this.assertAccessible();
      for (const link of await this.page.locator("a[href]:not([download])").all()) {
        open.push(new URL(await link.getAttribute("href"), url).href);
      }
    }
    return [...seen];
  }

  /** Writes target/browser/NAME-WIDTH.png. */
  async screenshot(name) {
    await mkdir(SCREENSHOTS, { recursive: true });
    const plain = this.javaScript ? "" : "-no-js";
    await this.page.screenshot({ path: join(SCREENSHOTS, `${name}-${this.width}${plain}.png`), fullPage: true });
  }

  assertClean() {
    assert.deepEqual(this.troubles, [], "the pages reported trouble");
    assert.deepEqual(this.#expected, [], "these statuses were expected and never came");
  }
}

// `evaluate` runs outside the page's own policy, so axe needs no exception in it.
async function axe(page) {
  const found = [];
  for (const frame of page.frames()) {
    await frame.evaluate(`${AXE};0`);
    const result = await frame.evaluate(
      (tags) => globalThis.axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] }),
      AXE_TAGS,
    );
    for (const violation of result.violations) {
      for (const node of violation.nodes) {
        found.push(`${violation.id} (${violation.help}): ${node.target.join(" ")} in ${frame.url()}`);
      }
    }
  }
  return found;
}

// Measured by the browser's own protocol, so that it works with JavaScript off.
async function measure(page) {
  const session = await page.context().newCDPSession(page);
  const { cssContentSize, cssLayoutViewport } = await session.send("Page.getLayoutMetrics");
  await session.detach();
  return { content: Math.ceil(cssContentSize.width), view: cssLayoutViewport.clientWidth };
}
