// On a phone, a table of sentences shows its rows one below the other, each cell with its heading.
const SENTENCE = 26; // characters

// Equations are not counted: they do not break.
const isSentence = (cell) => {
  const words = cell.cloneNode(true);
  for (const equation of words.querySelectorAll(".arithmatex")) equation.remove();
  return words.textContent.length > SENTENCE;
};

const stack = (table) => {
  const headings = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent);
  const rows = [...table.querySelectorAll("tbody tr")].map((row) => [...row.children]);
  if (!headings.length || !rows.flat().some(isSentence)) return;
  table.dataset.stacked = "";
  for (const cells of rows) {
    cells.forEach((cell, column) => {
      cell.dataset.heading = headings[column];
    });
  }
  // A table that is not laid out as one keeps its meaning for screen readers by roles alone.
  const roles = { thead: "rowgroup", tbody: "rowgroup", tr: "row", th: "columnheader", td: "cell" };
  table.setAttribute("role", "table");
  for (const [tag, role] of Object.entries(roles)) {
    for (const element of table.querySelectorAll(tag)) {
      element.setAttribute("role", role);
    }
  }
};

document$.subscribe(() => {
  document.querySelectorAll("article table:not([class])").forEach(stack);
});
