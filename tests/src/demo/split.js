// When the phone has synced, the desk shows what came. Without scripts, "Refresh the queue" does the same.
"use strict";

const phone = document.getElementById("phone");
const desk = document.getElementById("desk");
let synced = null;

phone.addEventListener("load", () => {
  const now = phone.contentDocument?.querySelector("[data-synced]")?.dataset.synced ?? null;
  if (synced !== null && now !== null && now !== synced) desk.contentWindow.location.reload();
  synced = now ?? synced;
});
