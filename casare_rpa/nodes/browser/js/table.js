// A cell that spans several columns or rows is in each of them.
(table) => {
  const rows = [];
  const isHead = [];
  const lines = table.rows ? [...table.rows] : [...table.querySelectorAll('tr,[role=row]')];
  lines.forEach((line, y) => {
    rows[y] = rows[y] || [];
    const cells = line.cells ? [...line.cells]
      : [...line.querySelectorAll('td,th,[role=cell],[role=columnheader],[role=gridcell]')];
    isHead[y] = cells.length > 0 && (line.parentElement.tagName === 'THEAD'
      || cells.every(c => c.tagName === 'TH' || c.getAttribute('role') === 'columnheader'));
    let x = 0;
    for (const cell of cells) {
      while (rows[y][x] !== undefined) x++;
      const text = (cell.innerText ?? cell.textContent ?? '').trim();
      const down = Math.min(cell.rowSpan || 1, lines.length - y);
      const across = Math.min(cell.colSpan || 1, 1000);
      for (let dy = 0; dy < down; dy++) {
        rows[y + dy] = rows[y + dy] || [];
        for (let dx = 0; dx < across; dx++) rows[y + dy][x + dx] = text;
      }
      x += across;
    }
  });
  return {rows: rows.map(row => Array.from(row, cell => cell ?? '')), head: isHead};
}
