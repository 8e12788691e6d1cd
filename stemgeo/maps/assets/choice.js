// The switches for age, roads and speed, and what follows them beside the map: headline, tables, legend.
const showChoice = ({ root, figures }, { tables, words, headline }) => {
  const { of, fill, whole, counted } = figures;
  const switches = [...root.querySelectorAll("select[data-switch]")];

  // What was not measured together is not offered.
  const offer = () => switches.forEach((one) => {
    one.value = figures.choice[one.dataset.switch];
    [...one.options].forEach((option) => {
      option.hidden = option.disabled = !figures.isMeasured({ [one.dataset.switch]: option.value });
    });
  });

  const tellHeadline = () => {
    const number = tables.provinces.rows.length - 1; // the whole stands below its provinces
    const { share, covered, measured, unmeasured } = of("provinces", number);
    const [low, high] = figures.range("provinces", number);
    const ends = low ? fill(headline.range, { low, high }) : "";
    const parts = [fill(headline.reach, { covered: whole(covered), measured: whole(measured), range: ends })];
    const change = figures.points("provinces", number);
    if (change !== null) {
      const before = of("provinces_before", number).share;
      parts.push(fill(headline.before, { share: before, points: figures.signed(change) }));
    }
    if (unmeasured) parts.push(counted(headline.unmeasured, unmeasured));
    root.querySelector("#share").textContent = measured ? share : "";
    root.querySelector("#headline").textContent = measured ? parts.join(" ") : headline.nothing;
    root.querySelector(".headline .choice").textContent = measured ? `${figures.chosen()}.` : "";
  };

  const tellTables = () => root.querySelectorAll("tr[data-number]").forEach((row) => {
    const told = figures.told(row.closest("table").dataset.ground, Number(row.dataset.number));
    told.slice(1).forEach(([, cell], i) => { row.cells[i + 1].textContent = cell; });
  });

  const tellLegend = () => root.querySelectorAll("[data-shares]").forEach((part) => {
    const ground = part.dataset.shares;
    const found = tables[ground].rows.map((_, number) => figures.classed(ground, number));
    const numbers = {
      none: found.filter((one) => one.class < 0).length,
      partly: found.filter((one) => one.partly).length,
    };
    part.querySelectorAll("[data-class]").forEach((line) => {
      const name = line.dataset.class;
      const number = numbers[name] ?? found.filter((one) => one.class === Number(name)).length;
      line.querySelector(".count").textContent = counted(words[`count_${ground}`], number);
      line.hidden = name === "partly" && number === 0;
    });
    part.querySelector(".choice").textContent = figures.described();
  });

  figures.onChoice(() => [offer, tellHeadline, tellTables, tellLegend].forEach((tell) => tell()));
  switches.forEach((one) => one.addEventListener("change", () => (
    figures.choose({ [one.dataset.switch]: one.value }))));
  offer();
};
