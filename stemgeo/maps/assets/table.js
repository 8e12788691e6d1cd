// A table of places that sorts by each of its columns and can be taken along as a file.
const sortTable = (table, { figures, format, named }) => {
  const { ground } = table.dataset;
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const language = table.closest("[lang]").lang;
  const compare = new Intl.Collator(language, { numeric: true }).compare;
  let by = 0;
  let isUp = true;

  // What a cell begins with as a number; words alone lie beyond every number, and nothing is null.
  const numberIn = (cell) => {
    if (!cell) return null;
    const plain = cell.split(format.group).join("").replace(format.decimal, ".");
    const written = plain.match(/^-?\d+(\.\d+)?/);
    return written ? Number(written[0]) : Infinity;
  };
  const cellsOf = (i) => [...body.rows].map((row) => row.cells[i].textContent);
  const isNumber = (i) => i > 0 && cellsOf(i).some((cell) => Number.isFinite(numberIn(cell) ?? NaN));

  const valueOf = (row, i, counts) => {
    const number = Number(row.dataset.number);
    const name = named?.[i];
    if (name === "share") return figures.of(ground, number).ratio;
    if (name && name in figures.of(ground, number)) return figures.of(ground, number)[name];
    const cell = row.cells[i].textContent;
    return counts ? numberIn(cell) : cell;
  };

  // Rows without a value stand last, whichever way; equal ones in order of their name.
  const sort = () => {
    const counts = isNumber(by);
    const found = [...body.rows].map((row) => ({ row, value: valueOf(row, by, counts), name: row.cells[0].textContent }));
    const order = (one, other) => {
      if (one.value === null || other.value === null) return (one.value === null) - (other.value === null);
      const less = counts ? Math.sign(one.value - other.value) || 0 : compare(one.value, other.value);
      return isUp ? less : -less;
    };
    found.sort((one, other) => order(one, other) || compare(one.name, other.name));
    body.append(...found.map(({ row }) => row));
    heads.forEach((head, i) => {
      if (i === by) head.setAttribute("aria-sort", isUp ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
  };

  // Names rise first; of figures the largest are asked for first.
  heads.forEach((head, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      isUp = i === by ? !isUp : !isNumber(i);
      by = i;
      sort();
    });
  });
  figures.onChoice(sort);
  sort();
};

// As Belgian spreadsheets read it: semicolons and decimal commas. A text that one would compute
// stands behind an apostrophe, as in every CSV of a result.
const FORMULA = /^(?:[\t\r\n]|[\s'"]*[=+\-@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b])/;
const BELOW_ZERO = /^-\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const writeCell = (cell) => {
  if (typeof cell === "number") return String(cell).replace(".", ",");
  const safe = FORMULA.test(cell) && !BELOW_ZERO.test(cell) ? `'${cell}` : cell;
  return /[;"\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
};
const writeCsv = (lines) => `\ufeff${lines.map((line) => `${line.map(writeCell).join(";")}\r\n`).join("")}`;

// The rows of a table as they stand, with their codes and what was chosen; `notice` goes along.
const listLines = (table, { figures, format, keys, named, words, notice }) => {
  const { ground } = table.dataset;
  const isWhole = (cell) => /^\d+$/.test(cell.split(format.group).join(""));
  const beside = [[words.choice, figures.described()], [words.notice, notice]].filter(([, cell]) => cell);
  const lines = [...table.tBodies[0].rows].map((row) => {
    const number = Number(row.dataset.number);
    const cells = figures.told(ground, number).map(([, cell], i) => {
      if (named?.[i] !== "share") return i > 0 && isWhole(cell) ? Number(cell.split(format.group).join("")) : cell;
      const { measured } = figures.of(ground, number);
      return measured ? cell.replace(format.percent, "").replace(format.decimal, ",") : "";
    });
    return [keys[number], ...cells, ...beside.map(([, cell]) => cell)];
  });
  const heads = figures.told(ground, 0).map(([head], i) => (named?.[i] === "share" ? `${head} (%)` : head));
  return [[words.code, ...heads, ...beside.map(([head]) => head)], ...lines];
};

// Made in the page itself: nothing is fetched or sent.
const saveText = (text, name) => {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  URL.revokeObjectURL(address);
};
