// A map in a page or a part of one, and what stands around it, from the page's data.
const start = (root, data) => {
  const figures = readFigures(data);
  const atlas = drawMap(root.querySelector(".map"), data, figures);
  const told = { root, data, ...atlas, figures };
  showChoice(told, data);
  furnishPage(told, data);
  root.stemgeo = told;
};

// Pages of a site share what is the same in every language, in a file of its own.
const withGround = (own, ground) => ({ ...own, ...ground, figures: { ...own.figures, ...ground?.figures } });

document.querySelectorAll("[data-stemgeo]").forEach((root) => (
  start(root, withGround(JSON.parse(root.querySelector("script[type='application/json']").textContent), window.stemgeoGround))));
