// Opened from disk, pages cannot be fetched. With instant navigation, the theme's document$ then
// never emits, and whatever subscribes to it does not start: equations, search, palette, copying.
if (location.protocol === "file:") {
  const element = document.getElementById("__config");
  const config = JSON.parse(element.textContent);
  config.features = config.features.filter((name) => !name.startsWith("navigation.instant"));
  element.textContent = JSON.stringify(config);
}
