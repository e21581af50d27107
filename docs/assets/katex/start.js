// Render the equations of a page, again after each instant navigation.
document$.subscribe(({ body }) => {
  // The search marks words also in LaTeX, which the renderer would not find in pieces.
  for (const marked of body.querySelectorAll(".arithmatex:has(mark)")) {
    marked.textContent = marked.textContent;
  }
  body.querySelectorAll(".arithmatex").forEach((element) =>
    renderMathInElement(element, {
      delimiters: [
        { left: "\\(", right: "\\)", display: false },
        { left: "\\[", right: "\\]", display: true },
      ],
    }),
  );
});
