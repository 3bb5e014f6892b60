import { spreadOf, type Report } from './report.ts';

const width = 860;
const labelWidth = 150;
const barHeight = 13;
const gap = 26;
const colours: Readonly<Record<string, string>> = {
  Parley: '#2563eb',
  'mercurius + jit': '#0d9488',
  'PostGraphile 5': '#d97706',
  'yoga + pothos-prisma': '#db2777',
  'Apollo + Prisma': '#7c3aed',
  'hand-written SQL': '#9ca3af',
};

/**
 * Draws requests per second as SVG: a group of bars with its own scale for each workload, and lines from min
 * to max.
 */
export function drawChart(report: Report): string {
  let y = 40;
  const groups = Object.entries(report.workloads).map(([name, measured]) => {
    const shown = measured.filter(({ candidate }) => candidate in colours);
    const rates = shown.map(({ candidate, rounds }) => ({
      candidate,
      ...spreadOf(rounds.map(({ perSecond }) => perSecond)),
    }));
    const top = Math.max(...rates.map(({ max }) => max));
    const scale = (value: number) => labelWidth + (value / top) * (width - labelWidth - 70);
    const lines = rates.map(({ candidate, median, min, max }, index) => {
      const barY = y + 6 + index * barHeight;
      const middle = barY + (barHeight - 3) / 2;
      return [
        text(labelWidth - 6, barY + 9, candidate, { anchor: 'end' }),
        `<rect x="${labelWidth}" y="${barY}" width="${(scale(median) - labelWidth).toFixed(1)}" height="${barHeight - 3}" fill="${colours[candidate]}"/>`,
        `<path d="M${scale(min).toFixed(1)} ${middle}H${scale(max).toFixed(1)}" stroke="#374151"/>`,
        text(Number((scale(max) + 5).toFixed(1)), barY + 9, median.toFixed(0), {}),
      ].join('');
    });
    const title = text(0, y, name, { weight: 'bold' });
    y += shown.length * barHeight + gap;
    return title + lines.join('');
  });
  const { machine, versions, date } = report;
  const caption = `Requests per second at ${report.plan.connections} connections · ${date.slice(0, 10)} · ${machine.cores} × ${machine.processor} · Node ${versions['Node']} · higher is better`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" font-family="system-ui, sans-serif" font-size="10">
<rect width="100%" height="100%" fill="#ffffff"/>
${text(0, 14, caption, {})}
${groups.join('\n')}
</svg>
`;
}

function text(
  x: number,
  y: number,
  content: string,
  { anchor = 'start', weight = 'normal' }: { readonly anchor?: string; readonly weight?: string },
): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" font-weight="${weight}" fill="#111827">${escaped}</text>`;
}
