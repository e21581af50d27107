// Names and keyboard access that the theme leaves out, again after each instant navigation.
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

document$.subscribe(() => {
  keepWhole();
  name(".md-search", "Search");
});

document$.subscribe(openTab);
target$.subscribe(openTab);
