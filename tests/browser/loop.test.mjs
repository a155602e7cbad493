// The whole loop, left, right, left: a deputy records without a signal and survives a pulled battery, the supervisor sends
// the record back with a comment on a step, and it lands on that step; answered offline, it comes back to be looked at again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { visit } from "./lib.mjs";

const STEP = "safety_medical";
const QUESTION = "Who stayed with the child while you looked?";
const REPLY = "My partner did, the whole time.";

/** Opens a disclosure if it is closed. */
async function unfold(details) {
  if (!(await details.evaluate((node) => node.open))) await details.locator("> summary").click();
}

/** Opens a step of the phone's record and saves what `fill` enters in its first form. */
async function answer(phone, step, fill) {
  const card = phone.locator(`#step-${step}`);
  await unfold(card);
  const form = card.locator("form[id^=f-answer]").last();
  await fill(form);
  // The step stands on the page before and after: only the navigation tells them apart.
  await Promise.all([phone.waitForNavigation(), form.getByRole("button", { name: "Save" }).click()]);
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
  await answer(phone, "separate", choose("others", "no"));
  await answer(phone, "age_basis", async (form) => {
    await choose("age", "age_16_to_17")(form);
    await choose("age_known_by", "stated")(form);
  });
  await answer(phone, "indicators", async (form) => {
    for (const sign of ["trauma", "withdrawn", "no_freedom", "one_place", "debt", "security", "papers"]) {
      await choose(sign, "not_observed")(form);
    }
  });
  await answer(phone, "suspicion", async (form) => {
    await now("decided_at")(form);
    await choose("status", "not_suspected")(form);
  });
}

const press = (place, name) => place.getByRole("button", { name, exact: true }).first().click();

const toQueue = (desk) => desk.getByRole("navigation").getByRole("link", { name: "Review queue" }).click();

async function theLoop(visitor, name) {
  await visitor.open("demo");
  const phone = visitor.page.frameLocator("#phone");
  const frame = () => visitor.page.frames().find((found) => found.url().includes("/demo/phone"));
  const desk = visitor.page.frameLocator("#desk");

  await press(phone, "No signal");
  await phone.getByText("No signal. Go on recording.").waitFor();
  await press(phone, "New record");
  await phone.locator("#step-contact").waitFor();
  // Records of one minute share letter, time and station; the code tells them apart, as it does aloud.
  const code = (await phone.locator("h1 .fh-code").textContent()).trim();
  await recordScene(frame());
  await press(phone, "Pull the battery");
  await phone.getByText("The battery was pulled").waitFor();
  await phone.locator(".fh-record", { hasText: code }).click();
  await press(phone, "Submit for review");
  await phone.getByText("At the scene: waiting for review").first().waitFor();
  await phone.getByRole("link", { name: "All records" }).click();
  await press(phone, "Sync now");
  await phone.getByText("No connection to the station.").waitFor();
  await visitor.screenshot(`${name}-offline`);

  await press(phone, "No signal");
  await phone.getByText("has a signal again").waitFor();
  await press(phone, "Sync now");
  await phone.getByText(/^Synced: \d+ sent/).waitFor();
  await toQueue(desk);
  await desk.locator("tr", { hasText: code }).locator(".fh-queue__link").click();
  await desk.locator(`#step-${STEP}`).waitFor();
  await visitor.screenshot(`${name}-record`);
  assert.deepEqual(await visitor.axe(), [], "axe on the demo with a record open");

  const step = desk.locator(`#step-${STEP}`);
  await unfold(step);
  const comment = step.locator("form[id^=f-comment]");
  await unfold(step.locator("details:has(form[id^=f-comment])").last());
  await comment.locator("textarea").fill(QUESTION);
  await comment.getByRole("button").click();
  await desk.getByText(QUESTION).first().waitFor();
  await desk.locator("#phase-scene").getByRole("button", { name: "Send back" }).click();
  await desk.getByText("sent back by Sgt. Rivera").first().waitFor();

  await press(phone, "Sync now");
  await phone.getByText("sent back by Sgt. Rivera").first().waitFor();
  await press(phone, "No signal");
  await phone.getByText("No signal. Go on recording.").waitFor();
  await phone.locator(".fh-record", { hasText: code }).click();
  const landed = phone.locator(`#step-${STEP}`);
  await landed.waitFor();
  await unfold(landed);
  assert.ok(await landed.getByText(QUESTION).first().isVisible(), "the comment stands on its step");
  await visitor.screenshot(`${name}-returned`);
  const reply = landed.locator("details:has(form[id^=f-reply])").last();
  if (await reply.count()) await unfold(reply);
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

  await toQueue(desk);
  await desk.locator("tr", { hasText: code }).getByText("answered, look again").first().waitFor();
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
