// Names and keyboard access that the theme leaves out, again after each instant navigation.
const SCROLLABLE = ".md-typeset__scrollwrap, .arithmatex, .md-typeset pre > code";

// A region that scrolls sideways can be reached, and then scrolled, with the keyboard.
const reachScrollable = () => {
  for (const element of document.querySelectorAll(SCROLLABLE)) {
    if (element.scrollWidth > element.clientWidth) {
      element.tabIndex = 0;
    } else {
      element.removeAttribute("tabindex");
    }
  }
};

const name = (selector, text) => {
  for (const element of document.querySelectorAll(selector)) {
    element.setAttribute("aria-label", text);
  }
};

// Names and options in a text break between words, not within them.
const SHORT = 24; // characters

const keepWhole = () => {
  for (const code of document.querySelectorAll("article :not(pre) > code")) {
    if (code.textContent.length <= SHORT) code.dataset.short = "";
  }
};

const observer = new ResizeObserver(reachScrollable);
// Equations become wider when their fonts have arrived, which changes no size of the article.
document.fonts.addEventListener("loadingdone", reachScrollable);

document$.subscribe(() => {
  keepWhole();
  name(".md-search", "Search");
  name("#__search", "Search");
  name("#__drawer", "Navigation");
  // The theme wraps tables and opens sections after this.
  requestAnimationFrame(reachScrollable);
  observer.disconnect();
  observer.observe(document.querySelector("article") ?? document.body);
});
