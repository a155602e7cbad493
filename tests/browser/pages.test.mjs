// Every page that links lead to, at every width: axe finds nothing, nothing scrolls sideways, one first heading.

import assert from "node:assert/strict";
import { test } from "node:test";
import { visit, WIDTHS } from "./lib.mjs";

for (const width of WIDTHS) {
  test(`every page of the desk holds at ${width} px`, () =>
    visit({ width }, async (visitor) => {
      // The demo signs its supervisor in, and leaves a record to look at.
      await visitor.open("demo");
      await visitor.open("queue");
      if ((await visitor.page.locator(".fh-queue__link").count()) === 0) {
        await visitor.open("demo");
        await record(visitor.page.frameLocator("#phone"));
        await visitor.open("queue");
      }
      await visitor.page.locator(".fh-queue__link").first().waitFor();
      await visitor.screenshot("queue");
      const seen = await visitor.assertEveryPageAccessible({ skip: /^\/(demo|language|assets)|\/text$/ });
      assert.ok(seen.some((path) => path.startsWith("/records/")), `no record among ${seen.join(", ")}`);
      await visitor.open(seen.find((path) => path.startsWith("/records/")));
      await visitor.screenshot("record");
      const sheet = seen.find((path) => /\/sheets\//.test(path));
      assert.ok(sheet, `no sheet among ${seen.join(", ")}`);
      await visitor.open(sheet);
      await visitor.screenshot("sheet");
    }));

  test(`an administrator's people, phones and own password hold at ${width} px`, () =>
    visit({ width }, async (visitor) => {
      await visitor.open("sign-in?next=/people");
      await visitor.page.getByLabel("User name").fill("admin");
      await visitor.page.getByLabel("Password").fill("correct-horse-battery");
      await visitor.page.getByRole("button", { name: "Sign in" }).click();
      await visitor.page.getByRole("heading", { name: "People", level: 1 }).waitFor();
      await visitor.page.getByText("Sgt. Rivera").first().waitFor();
      await visitor.assertAccessible();
      await visitor.screenshot("people");
      await visitor.open("account");
      visitor.expect(422);
      await visitor.page.getByLabel("Password now").fill("not the password");
      await visitor.page.getByLabel("New password (12").fill("quiet harbor window");
      await visitor.page.getByLabel("New password again").fill("quiet harbor windows");
      await visitor.page.getByRole("button", { name: "Change your password" }).click();
      await visitor.page.getByText("the two new passwords are not the same").waitFor();
      await visitor.assertAccessible();
      await visitor.screenshot("account");
    }));

  test(`signing in holds at ${width} px`, () =>
    visit({ width }, async (visitor) => {
      assert.equal(await visitor.open("queue"), 200, "who has not signed in is sent to the sign-in page");
      assert.match(visitor.page.url(), /\/sign-in/);
      await visitor.assertAccessible();
      await visitor.screenshot("sign-in");
      visitor.expect(422);
      await visitor.page.getByLabel("User name").fill("rivera");
      await visitor.page.getByLabel("Password").fill("not the password");
      await visitor.page.getByRole("button", { name: "Sign in" }).click();
      await visitor.page.getByText("is not right, or there were too many wrong tries").first().waitFor();
      await visitor.assertAccessible();
    }));
}

/** Leaves a record at the station: opened, nothing more. */
async function record(phone) {
  await phone.getByRole("button", { name: "New record" }).click();
  await phone.locator("#step-contact").waitFor();
  await phone.getByRole("link", { name: "All records" }).click();
  await phone.getByRole("button", { name: "Sync now" }).click();
  await phone.getByText(/^Synced: \d+ sent/).waitFor();
}
