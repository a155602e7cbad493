// The whole loop, left, right, left: a deputy records without a signal and survives a pulled battery, the supervisor sends
// the record back with a comment on a step, and it lands on that step; answered offline, it comes back to be looked at again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { visit } from "./lib.mjs";

const STEP = "safety_medical";
const QUESTION = "Who stayed with the child while you looked?";
const REPLY = "My partner did, the whole time.";

/** Opens a step of the phone's record and saves what `fill` enters in its first form. */
async function answer(phone, step, fill) {
  const card = phone.locator(`#step-${step}`);
  if (!(await card.evaluate((node) => node.open))) await card.locator("summary").first().click();
  const form = card.locator("form[id^=f-answer]").last();
  await fill(form);
  await form.getByRole("button", { name: "Save" }).click();
  await phone.locator(`#step-${step}`).waitFor();
}

const choose = (field, value) => async (form) => {
  const select = form.locator(`select[name="v.${field}"]`);
  if (await select.count()) await select.selectOption(value);
  else await form.locator(`input[name="v.${field}"][value="${value}"]`).check();
};

const now = (field) => (form) => form.locator(`input[name="now.${field}"]`).check();

/** What a contact that turns out to be no suspicion needs: the shortest whole scene. */
async function recordScene(phone) {
  await answer(phone, "contact", async (form) => {
    await now("at")(form);
    await choose("how", "patrol")(form);
    await choose("place", "street")(form);
  });
  await answer(phone, STEP, choose("urgent_need", "no"));
  await answer(phone, "indicators", async (form) => {
    for (const sign of ["trauma", "withdrawn", "no_freedom", "one_place", "debt", "security", "papers"]) {
      await choose(sign, "not_observed")(form);
    }
  });
  await answer(phone, "suspicion", async (form) => {
    await now("decided_at")(form);
    await choose("status", "not_suspected")(form);
    await choose("age", "age_16_to_17")(form);
    await choose("age_known_by", "stated")(form);
  });
}

const press = (place, name) => place.getByRole("button", { name, exact: true }).first().click();

async function theLoop(visitor, name) {
  await visitor.open("demo");
  const phone = visitor.page.frameLocator("#phone");
  const frame = () => visitor.page.frames().find((found) => found.url().includes("/demo/phone"));
  const desk = visitor.page.frameLocator("#desk");

  await press(phone, "No signal");
  await phone.getByText("No signal. Go on recording.").waitFor();
  await press(phone, "New record");
  await phone.locator("#step-contact").waitFor();
  await recordScene(frame());
  await press(phone, "Pull the battery");
  await phone.getByText("The battery was pulled").waitFor();
  await phone.locator(".fh-record").first().click();
  await press(phone, "Submit for review");
  await phone.getByText("At the scene: waiting for review").first().waitFor();
  const handle = (await phone.locator("h1").textContent()).trim();
  await phone.getByRole("link", { name: "All records" }).click();
  await press(phone, "Sync now");
  await phone.getByText("No connection to the station.").waitFor();
  await visitor.screenshot(`${name}-offline`);

  await press(phone, "No signal");
  await phone.getByText("has a signal again").waitFor();
  await press(phone, "Sync now");
  await phone.getByText(/^Synced: \d+ sent/).waitFor();
  await desk.getByRole("link", { name: "Review queue" }).click();
  await desk.locator(".fh-queue__link", { hasText: handle.split(" ").slice(0, 5).join(" ") }).first().click();
  await desk.locator(`#step-${STEP}`).waitFor();
  await visitor.screenshot(`${name}-record`);
  assert.deepEqual(await visitor.axe(), [], "axe on the demo with a record open");

  const step = desk.locator(`#step-${STEP}`);
  await step.locator("summary").first().click();
  const comment = step.locator("form[id^=f-comment]");
  if (!(await comment.isVisible())) await step.getByText("Comment on this step").first().click();
  await comment.locator("textarea").fill(QUESTION);
  await comment.getByRole("button").click();
  await desk.getByText(QUESTION).first().waitFor();
  await desk.locator("form[id^=f-return]").getByRole("button").first().click();
  await desk.getByText("sent back by Sgt. Rivera").first().waitFor();

  await press(phone, "Sync now");
  await phone.getByText("sent back by Sgt. Rivera").first().waitFor();
  await press(phone, "No signal");
  await phone.getByText("No signal. Go on recording.").waitFor();
  await phone.locator(".fh-record").first().click();
  const landed = phone.locator(`#step-${STEP}`);
  await landed.waitFor();
  if (!(await landed.getByText(QUESTION).first().isVisible())) await landed.locator("summary").first().click();
  assert.ok(await landed.getByText(QUESTION).first().isVisible(), "the comment stands on its step");
  await visitor.screenshot(`${name}-returned`);
  await landed.locator("form[id^=f-reply] textarea").fill(REPLY);
  await landed.locator("form[id^=f-reply]").getByRole("button").click();
  await phone.locator(`#step-${STEP}`).getByText(REPLY).first().waitFor();
  await press(phone, "Send back for review");
  await phone.getByText("answered, look again").first().waitFor();
  await phone.getByRole("link", { name: "All records" }).click();
  await press(phone, "No signal");
  await phone.getByText("has a signal again").waitFor();
  await press(phone, "Sync now");
  await phone.getByText(/^Synced: \d+ sent/).waitFor();

  await desk.getByRole("link", { name: "Review queue" }).click();
  await desk.getByText("answered, look again").first().waitFor();
  await visitor.screenshot(`${name}-answered`);
}

test("the whole loop, left, right, left", () => visit({ width: 1280 }, (visitor) => theLoop(visitor, "loop")));

test("the whole loop on a narrow screen", () => visit({ width: 390 }, (visitor) => theLoop(visitor, "loop")));

test("the whole loop without JavaScript", () =>
  visit({ width: 1280, javaScript: false }, async (visitor) => {
    await visitor.open("demo/phone");
    const page = visitor.page;
    await press(page, "New record");
    await page.locator("#step-contact").waitFor();
    // Without scripts in the page Playwright cannot ask whether a step is open, so each is opened by its summary.
    await page.locator("#step-contact > summary").click();
    const form = page.locator("#step-contact form[id^=f-answer]").last();
    await now("at")(form);
    await choose("how", "patrol")(form);
    await choose("place", "street")(form);
    await form.getByRole("button", { name: "Save" }).click();
    await page.locator("#step-contact.fh-step--done").waitFor();
    await visitor.assertAccessible();
    await visitor.screenshot("phone-record");
  }));
