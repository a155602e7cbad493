// Words that blame the child are named under the field in which they stand, with the reason and other words; they are kept
// as they were written, and gone from under the field once they are quoted.

import assert from "node:assert/strict";
import { test } from "node:test";
import { visit } from "./lib.mjs";

const BLAMING = "Clerk has seen her with other underage prostitutes.";
const QUOTED = "Clerk: “I have seen her with other underage prostitutes.”";

async function theWords(visitor) {
  await visitor.open("demo/phone");
  const page = visitor.page;
  await page.getByRole("button", { name: "New record", exact: true }).first().click();
  const step = page.locator("#step-indicators");
  await step.waitFor();
  const save = async (text) => {
    if (!(await step.evaluate((node) => node.open))) await step.locator("> summary").click();
    const form = step.locator("form[id^=f-answer]").last();
    await form.locator('[name="v.observed"]').fill(text);
    await Promise.all([page.waitForNavigation(), form.getByRole("button", { name: "Save" }).click()]);
    if (!(await step.evaluate((node) => node.open))) await step.locator("> summary").click();
    assert.equal(await step.locator('[name="v.observed"]').inputValue(), text, "kept as it was written");
  };
  await save(BLAMING);
  const flags = step.locator(".fh-flags");
  assert.match(await flags.textContent(), /There is no such thing as a child prostitute\./);
  await visitor.screenshot("words");
  assert.deepEqual(await visitor.axe(), [], "axe on a field with words to weigh");
  await save(QUOTED);
  assert.equal(await flags.count(), 0, "what somebody said is evidence");
}

for (const [width, javaScript] of [[1280, false], [320, true]]) {
  test(`words that blame are named and kept, ${width} px, JavaScript ${javaScript}`, () =>
    visit({ width, javaScript }, theWords));
}
