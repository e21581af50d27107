// Names and keyboard access that the theme leaves out, again after each instant navigation.
const SCROLLABLE = ".md-typeset__scrollwrap, .arithmatex, .md-typeset pre > code";

// A region that scrolls sideways can be reached, and then scrolled, with the keyboard.
const reachScrollable = () => {
  for (const element of document.querySelectorAll(SCROLLABLE)) {
    // Firefox gives an inline equation a clientWidth of 0 and its real scrollWidth.
    if (element.clientWidth > 0 && element.scrollWidth > element.clientWidth) {
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

// A link or a search result may lead into a tab that is not open.
const openTab = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const block = target?.closest(".tabbed-block");
  if (!block) return;
  const place = [...block.parentElement.children].indexOf(block);
  block.closest(".tabbed-set").querySelectorAll(":scope > input")[place].click();
  requestAnimationFrame(() => target.scrollIntoView());
};

// On a narrow page, the navigation is opened by a label, which the keyboard does not reach.
const drawer = document.querySelector("#__drawer");
const burger = document.querySelector("label.md-header__button[for='__drawer']");
if (drawer && burger) {
  burger.tabIndex = 0;
  burger.setAttribute("role", "button");
  burger.setAttribute("aria-label", "Navigation");
  const update = () => burger.setAttribute("aria-expanded", String(drawer.checked));
  burger.addEventListener("keydown", (event) => {
    if (event.key !== " ") return; // the theme clicks a label on Enter
    event.preventDefault();
    drawer.click();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !drawer.checked) return;
    drawer.click();
    burger.focus(); // what had the focus is hidden now
  });
  drawer.addEventListener("change", update);
  update();
}

const observer = new ResizeObserver(reachScrollable);
// Equations become wider when their fonts have arrived, which changes no size of the article.
document.fonts.addEventListener("loadingdone", reachScrollable);

document$.subscribe(() => {
  keepWhole();
  name(".md-search", "Search");
  // The theme wraps tables and opens sections after this.
  requestAnimationFrame(reachScrollable);
  observer.disconnect();
  observer.observe(document.querySelector("article") ?? document.body);
});

document$.subscribe(openTab);
target$.subscribe(openTab);
