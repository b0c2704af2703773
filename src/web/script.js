// What the pages gain by JavaScript; each of them is complete without it.
"use strict";

// "/" leads to the search field, unless something is being typed.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const field = document.getElementById("q");
  if (field) {
    event.preventDefault();
    field.focus();
    field.select();
  }
});

// Copies a command. The clipboard of the browser is only there on secure origins; elsewhere the
// field is selected and the old command tried, and at the worst the text stays selected.
for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    const field = button.parentElement.querySelector("input");
    let copied = false;
    try {
      await navigator.clipboard.writeText(field.value);
      copied = true;
    } catch {
      field.focus();
      field.select();
      copied = document.execCommand("copy");
    }
    if (copied) {
      button.textContent = document.body.dataset.copied;
      setTimeout(() => { button.textContent = label; }, 1500);
    }
  });
}

// A command is selected as a whole.
for (const field of document.querySelectorAll(".command input")) {
  field.addEventListener("focus", () => field.select());
}

// Exact times in the person's own time zone.
for (const time of document.querySelectorAll("time[datetime]")) {
  const date = new Date(time.dateTime);
  if (!Number.isNaN(date.getTime())) {
    time.title = date.toLocaleString(document.documentElement.lang);
  }
}

// Switches apply at once; their button is for who has no JavaScript.
for (const form of document.querySelectorAll("form.switches")) {
  form.querySelector("button").hidden = true;
  form.addEventListener("change", () => form.requestSubmit());
}

// With shift held, a check box takes all between it and the last one along.
let lastBox = null;
document.addEventListener("click", (event) => {
  const box = event.target.closest?.('table.list input[type="checkbox"]');
  if (!box) return;
  const boxes = [...document.querySelectorAll('table.list tr:not([hidden]) input[type="checkbox"]')];
  const [from, to] = [boxes.indexOf(lastBox), boxes.indexOf(box)];
  if (event.shiftKey && from >= 0) {
    for (const one of boxes.slice(Math.min(from, to), Math.max(from, to) + 1)) one.checked = box.checked;
  }
  lastBox = box;
});

// The filter of tags narrows what is on the page while one types; the form asks the server for all.
const filter = document.getElementById("filter");
if (filter) {
  const rows = [...document.querySelectorAll("table.list tbody tr")];
  filter.addEventListener("input", () => {
    const term = filter.value.trim().toLowerCase();
    const plain = !/[*?<>=^~]/.test(term);
    for (const row of rows) {
      const name = row.querySelector("th a");
      row.hidden = plain && name !== null && !name.textContent.toLowerCase().includes(term);
    }
  });
}

// What runs is asked about until it has ended; without a script the page loads itself again.
const followed = document.querySelector("[data-follow]");
if (followed) {
  const { watch, follow } = followed.dataset;
  const ask = async () => {
    try {
      const answer = watch ? await fetch(watch) : null;
      if (!answer || answer.status === 204 || answer.redirected || answer.status === 404) {
        location.replace(follow);
        return;
      }
      if (answer.ok) followed.innerHTML = await answer.text();
    } catch { /* The server may be back the next time. */ }
    setTimeout(ask, 1000);
  };
  setTimeout(ask, watch ? 500 : 2000);
}
