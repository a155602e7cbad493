// A record as a whole: two children of one scene on one phone, a sheet of each side, who holds it. All of it without
// JavaScript, as forms are.

import assert from "node:assert/strict";
import { test } from "node:test";
import { visit } from "./lib.mjs";

const press = (place, name) => place.getByRole("button", { name, exact: true }).first().click();

test("two children, one scene: shared facts are entered once, and a sheet is made on the phone", () =>
  visit({ width: 390, javaScript: false }, async (visitor) => {
    await visitor.open("demo/phone");
    const page = visitor.page;
    await press(page, "New record");
    await page.locator("#step-contact > summary").click();
    const form = page.locator("#step-contact form[id^=f-answer]").last();
    await form.locator('input[name="now.at"]').check();
    for (const [field, value] of [["how", "patrol"], ["place", "motel"]]) {
      const select = form.locator(`select[name="v.${field}"]`);
      if (await select.count()) await select.selectOption(value);
      else await form.locator(`input[name="v.${field}"][value="${value}"]`).check();
    }
    await form.getByRole("button", { name: "Save" }).click();
    await page.locator("#step-contact.fh-step--done").waitFor();
    const first = await page.locator("h1").first().textContent();

    await press(page, "Another child is here: begin their record");
    await page.locator("#step-contact.fh-step--done").waitFor();
    const second = await page.locator("h1").first().textContent();
    assert.notEqual(first, second, "the other child has a record of their own");
    assert.match(second, /^B · /, "the next letter of the scene");
    assert.ok(await page.locator("#step-contact").getByText("Motel").first().count(), "the place was not asked again");
    assert.equal(await page.locator("#scene a").count(), 1, "the first record is named");
    await visitor.assertAccessible();
    await visitor.screenshot("phone-scene");

    await page.getByRole("link", { name: "Hand-over sheet" }).click();
    await page.getByText("to be filled in by hand").waitFor();
    await visitor.assertAccessible();
    await visitor.screenshot("phone-sheet");
  }));

for (const width of [1280, 320]) {
  test(`a supervisor gives a record to another deputy, ${width} px`, () =>
    visit({ width, javaScript: false }, async (visitor) => {
      await visitor.open("demo");
      const page = visitor.page;
      await visitor.open("demo/phone");
      await press(page, "New record");
      const code = (await page.locator("h1 .fh-code").textContent()).trim();
      await page.getByRole("link", { name: "All records" }).click();
      await press(page, "Sync now");
      await page.getByText(/^Synced: \d+ sent/).waitFor();

      await visitor.open("queue");
      await page.locator("tr", { hasText: code }).locator(".fh-queue__link").click();
      await page.getByText("Give it to another deputy").first().click();
      visitor.expect(422); // nobody was chosen
      await press(page, "Give it to another deputy");
      await page.getByRole("alert").waitFor();
      await visitor.assertAccessible();
      await page.locator("form[id^=f-reassign] select").selectOption({ index: 1 });
      const name = await page.locator("form[id^=f-reassign] option").nth(1).textContent();
      await press(page, "Give it to another deputy");
      await page.locator("#timeline > summary").click();
      await page.getByText(`gave the record to ${name}`).first().waitFor();
      await visitor.assertAccessible();
      await visitor.screenshot("reassigned");
    }));
}
