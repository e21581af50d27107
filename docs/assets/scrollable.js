// What is wider than its place: it can be scrolled by keyboard, and its edge shows that it goes on.
const SCROLLABLE = ".md-typeset__scrollwrap, .arithmatex, .md-typeset pre > code";

// The sides on which there is more, for the style sheet.
const markMore = (element) => {
  const end = element.scrollWidth - element.clientWidth;
  const sides = [];
  if (element.scrollLeft > 1) sides.push("left");
  if (element.scrollLeft < end - 1) sides.push("right");
  element.dataset.more = sides.join(" ");
};

const reachScrollable = () => {
  for (const element of document.querySelectorAll(SCROLLABLE)) {
    // Firefox gives an inline equation a clientWidth of 0 and its real scrollWidth.
    if (element.clientWidth > 0 && element.scrollWidth > element.clientWidth) {
      element.tabIndex = 0;
      element.onscroll = () => markMore(element);
      markMore(element);
    } else {
      element.removeAttribute("tabindex");
      delete element.dataset.more;
    }
  }
};

const observer = new ResizeObserver(reachScrollable);
// Equations become wider when their fonts have arrived, which changes no size of the article.
document.fonts.addEventListener("loadingdone", reachScrollable);

document$.subscribe(() => {
  // The theme wraps tables and opens sections after this.
  requestAnimationFrame(reachScrollable);
  observer.disconnect();
  observer.observe(document.querySelector("article") ?? document.body);
});
