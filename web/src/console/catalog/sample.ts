// The columns of a sample file and some of their values, read in the browser:
// enough for the platform to propose items, without loading any data.

export interface Column {
  name: string;
  samples: string[];
}
const BYTES_MAX = 256 * 1024;
const ROWS_MAX = 100;

/** UTF-8, or GB18030 where it is not. */
async function text(file: File): Promise<string> {
  const bytes = await file.slice(0, BYTES_MAX).arrayBuffer();
  try {
    // The cut may fall within a character: `stream` keeps that from being an error.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return new TextDecoder('gb18030').decode(bytes);
  }
}

/** Cells of a delimited text, with quotes. */
function cells(content: string, separator: string): string[][] {
  const rows: string[][] = [[]];
  let cell = '';
  let quoted = false;
  const endCell = () => {
    rows[rows.length - 1].push(cell);
    cell = '';
  };
  for (let i = 0; i < content.length && rows.length <= ROWS_MAX + 1; i += 1) {
    const c = content[i];
    if (quoted) {
      if (c === '"' && content[i + 1] === '"') {
        cell += '"';
        i += 1;
      } else if (c === '"') quoted = false;
      else cell += c;
    } else if (c === '"' && cell === '') quoted = true;
    else if (c === separator) endCell();
    else if (c === '\n') {
      endCell();
      rows.push([]);
    } else if (c !== '\r') cell += c;
  }
  return rows.filter((row) => row.length > 0);
}

function ofJsonLines(content: string): Column[] {
  const columns = new Map<string, string[]>();
  for (const line of content.split('\n').slice(0, ROWS_MAX)) {
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch {
      continue;
    }
    if (!row || typeof row !== 'object') continue;
    for (const [name, value] of Object.entries(row)) {
      const samples = columns.get(name) ?? [];
      if (value !== null && value !== undefined) samples.push(String(value));
      columns.set(name, samples);
    }
  }
  return [...columns].map(([name, samples]) => ({ name, samples }));
}

export async function columnsOf(file: File): Promise<Column[]> {
  const content = (await text(file)).replace(/^\uFEFF/, '');
  if (/\.(jsonl|ndjson)$/i.test(file.name) || content.trimStart().startsWith('{')) return ofJsonLines(content);
  const head = content.slice(0, content.search(/\r?\n|$/));
  const separator = ['\t', ';', '|'].find((s) => head.split(s).length > head.split(',').length) ?? ',';
  const [names = [], ...rows] = cells(content, separator);
  return names.map((name, i) => ({
    name: name.trim(),
    samples: rows.slice(0, ROWS_MAX).flatMap((row) => (row[i] ? [row[i]] : [])),
  }));
}
