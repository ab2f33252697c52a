// Tables of class "sortable": a click on a heading sorts by that column, another one turns the order round.
"use strict";

/** Number at the beginning of a cell ("71.9 %", "5,933,505"), or NaN. */
function cellNumber(text) {
  return parseFloat(text.replaceAll(",", ""));
}

/** Sorts the rows below the heading. Numbers before texts; equal rows keep their order. */
function sortTable(table, column, descending) {
  const rows = [...table.rows].slice(1);
  const key = (row) => row.cells[column].textContent;
  const numbers = rows.every((row) => key(row) === "" || !Number.isNaN(cellNumber(key(row))));
  rows.sort((a, b) => {
    const order = numbers
      ? (cellNumber(key(a)) || 0) - (cellNumber(key(b)) || 0)
      : key(a).localeCompare(key(b), "en", { numeric: true });
    return descending ? -order : order;
  });
  table.rows[0].parentNode.append(...rows);
}

/** Turns the headings into buttons. Columns of numbers begin with the greatest. */
function makeSortable(table) {
  const headings = [...table.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = element("button", { type: "button", title: "sort" }, heading.textContent);
    button.addEventListener("click", () => {
      const first = table.rows[1] && !Number.isNaN(cellNumber(table.rows[1].cells[column].textContent));
      const before = heading.getAttribute("aria-sort");
      const descending = before ? before === "ascending" : Boolean(first);
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sortTable(table, column, descending);
    });
    heading.replaceChildren(button);
  });
}
