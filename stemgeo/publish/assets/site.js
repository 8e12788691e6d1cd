// The search of a site and its button to print: both need this script, and stay away without it.
const fillText = (text, told) => text.replace(/\{(\w+)\}/g, (all, name) => (name in told ? told[name] : all));

const { words, places } = window.stemgeoPlaces;
const searched = document.querySelector("#search");
searched.hidden = false;
makeSearch(searched, {
  entries: places.map(([name, said, page]) => ({ name, said, page })),
  words,
  fill: fillText,
  choose: ({ page }) => { window.location.href = `${page}.html`; },
});
document.querySelector("#print").addEventListener("click", () => window.print());
