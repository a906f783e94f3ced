// What stands in a column, of the rows shown: how many are empty, how many
// values differ, the least and the greatest, the commonest.

export interface ColumnStats {
  rows: number;
  empty: number;
  distinct: number;
  least?: string;
  greatest?: string;
  commonest: { value: string; count: number }[];
}
const COMMONEST = 3;

export function columnStats(values: unknown[], numeric: boolean): ColumnStats {
  const counts = new Map<string, number>();
  let empty = 0;
  for (const value of values) {
    if (value === null || value === undefined || value === '') empty += 1;
    else counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  }
  const sorted = [...counts.keys()].sort((a, b) => (numeric ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0));
  return {
    rows: values.length,
    empty,
    distinct: counts.size,
    least: sorted[0],
    greatest: sorted.at(-1),
    commonest: [...counts]
      .sort((a, b) => b[1] - a[1])
      .slice(0, COMMONEST)
      .map(([value, count]) => ({ value, count })),
  };
}
