import type { Histogram } from './histogram.ts';

/** Edges from 1 ms to 8 s, each twice the one before: powers of two, because our own ranges end there. */
const exponents = Array.from({ length: 14 }, (_, exponent) => exponent);

/** Histograms of one name, told apart by the value of a label; without a label there is one. */
export interface HistogramFamily {
  readonly name: string;
  readonly help: string;
  readonly label: string | null;
  readonly series: Iterable<readonly [value: string, durations: Histogram]>;
}

/**
 * Histograms of milliseconds in Prometheus' text format, as seconds. Written here, because prom-client's own would have to be told
 * of every request a second time.
 */
export function histogramText({ name, help, label, series }: HistogramFamily): string {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
  for (const [value, durations] of series) {
    const own = label === null ? [] : [`${label}="${escaped(value)}"`];
    const labels = (...further: readonly string[]) => {
      const all = [...own, ...further];
      return all.length === 0 ? '' : `{${all.join(',')}}`;
    };
    for (const exponent of exponents) {
      const edge = labels(`le="${2 ** exponent / 1000}"`);
      lines.push(`${name}_bucket${edge} ${durations.countBelow(exponent)}`);
    }
    lines.push(
      `${name}_bucket${labels('le="+Inf"')} ${durations.count}`,
      `${name}_sum${labels()} ${durations.sum / 1000}`,
      `${name}_count${labels()} ${durations.count}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function escaped(value: string): string {
  return value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);
}
