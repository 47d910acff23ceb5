/**
 * @module The chart for the README: what share of a bare socket's events per CPU second each variant
 * does, load by load, a panel for each store. Drawn as SVG on a white card, for light and dark pages.
 */

import { BarChart } from 'echarts/charts';
import {
  AriaComponent,
  GraphicComponent,
  GridComponent,
  LegendComponent,
  TitleComponent,
} from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { type EventLoad, sizeOf } from './loads.js';
import { type LoadResult, type Results, shareOfBare } from './results.js';
import type { StoreName } from './stores.js';
import { labelOf, type VariantName } from './variants.js';

use([
  AriaComponent,
  BarChart,
  GraphicComponent,
  GridComponent,
  LegendComponent,
  SVGRenderer,
  TitleComponent,
]);

/** The loads of one store. */
interface Panel {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly top: number;
}

/** A load where events flow, and its bars. */
interface Column {
  readonly load: EventLoad;
  readonly result: LoadResult;
}

/** How a variant's bars look. */
interface Style {
  readonly color: string;
  readonly isHatched?: true;
}

const width = 1000;
const header = 102;
const panelHeight = 262;
const plotHeight = 176;
const footer = 56;

const ink = '#1f2328';
const faint = '#59636e';
const rule = '#d8dee4';
// Without quotes, which echarts would write into an attribute as they are.
const fontFamily = '-apple-system, Segoe UI, Noto Sans, Helvetica, Arial, sans-serif';

/** Others are grey and ours is blue; the hatched one does not do the same work. */
const styles = new Map<VariantName, Style>([
  ['recipe', { color: '#6e7781' }],
  ['getSession', { color: '#a5adb6' }],
  ['autoSave', { color: '#dde2e7', isHatched: true }],
  ['ours', { color: '#0969da' }],
]);

const hatching = { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: -Math.PI / 4 };

/** Draws a run; there is nothing to draw where no events flowed. */
export function drawChart(results: Results): string | undefined {
  const panels = panelsOf(results.loads);
  if (panels.length === 0) return undefined;
  const height = header + panels.length * panelHeight + footer;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({
    animation: false,
    textStyle: { fontFamily, color: ink },
    aria: { enabled: true, decal: { show: false } },
    graphic: drawCard(height),
    title: [headline(results, panels), ...panels.map(panelTitle)],
    legend: {
      data: drawnVariants(columnsIn(panels)).map(labelOf),
      ...{ bottom: 16, left: 58, width: 900, itemGap: 16, itemWidth: 18, itemHeight: 12 },
      textStyle: { color: ink, fontSize: 12 },
    },
    grid: panels.map(({ top }) => ({ top: top + 32, left: 64, right: 28, height: plotHeight })),
    xAxis: panels.map(loadAxis),
    yAxis: panels.map((_, gridIndex) => shareAxis(gridIndex)),
    series: panels.flatMap(({ columns }, index) => {
      const axes = { xAxisIndex: index, yAxisIndex: index };
      return drawnVariants(columns).map((name) => ({ ...drawBars(name, columns), ...axes }));
    }),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** The panels that have something in them, from top to bottom. */
function panelsOf(loads: readonly LoadResult[]): Panel[] {
  const titles = { memory: 'Memory store', redis: 'Redis' } as const;
  return (['memory', 'redis'] as const)
    .map((store) => ({ title: titles[store], columns: columnsOf(loads, store) }))
    .filter(({ columns }) => columns.length > 0)
    .map((panel, index) => ({ ...panel, top: header + index * panelHeight }));
}

/** The loads over the network whose listeners touch one value. */
function columnsOf(loads: readonly LoadResult[], store: StoreName): Column[] {
  return loads.flatMap((result) => {
    const { load } = result;
    const isDrawn =
      load.kind === 'events' &&
      load.path === 'network' &&
      load.store === store &&
      load.work === 'one';
    return isDrawn ? [{ load, result }] : [];
  });
}

/** The variants that any of the columns has. */
function drawnVariants(columns: readonly Column[]): VariantName[] {
  const found = new Set(columns.flatMap(({ result }) => result.variants.map(({ name }) => name)));
  return [...styles.keys()].filter((name) => found.has(name));
}

function columnsIn(panels: readonly Panel[]): Column[] {
  return panels.flatMap(({ columns }) => columns);
}

/** Names the variants that have no bars at some loads, which would read as zero, and those they have. */
function writeGaps(columns: readonly Column[]): string {
  const has = (name: VariantName, { result }: Column): boolean =>
    result.variants.some((variant) => variant.name === name);
  const names = drawnVariants(columns).filter((name) => !columns.every((one) => has(name, one)));
  if (names.length === 0) return '';
  const measured = columns.filter((column) => names.some((name) => has(name, column)));
  const sizes = new Set(measured.map(({ load }) => sizeOf(load)));
  return `. Measured with ${[...sizes].join(', ')} KB only: ${names.map(labelOf).join(', ')}`;
}

/** White paper, whatever the page is. */
function drawCard(height: number) {
  return {
    type: 'rect',
    z: -10,
    shape: { x: 0.5, y: 0.5, width: width - 1, height: height - 1, r: 10 },
    style: { fill: '#ffffff', stroke: rule },
  };
}

function headline({ machine, settings }: Results, panels: readonly Panel[]) {
  const { cpu, cores, node, date } = machine;
  return {
    text: 'Events per CPU second of the server, as a share of a bare socket’s',
    subtext: [
      `Higher is better; 1.00 is a bare socket. × 20 means 20 events in flight per connection${writeGaps(columnsIn(panels))}`,
      `Medians of ${settings.rounds} rounds; ${cpu}, ${cores} cores, Node.js ${node}, ${date}`,
    ].join('\n'),
    ...{ left: 22, top: 18, itemGap: 8 },
    textStyle: { fontSize: 18, color: ink },
    subtextStyle: { fontSize: 12.5, lineHeight: 18, color: faint },
  };
}

function panelTitle({ title, top }: Panel) {
  return { text: title, left: 22, top, textStyle: { fontSize: 14, color: ink } };
}

function loadAxis({ columns }: Panel, gridIndex: number) {
  return {
    ...{ type: 'category', gridIndex },
    data: columns.map(({ load }) => writeLoad(load)),
    axisTick: { show: false },
    axisLine: { lineStyle: { color: faint } },
    axisLabel: { color: faint, fontSize: 12, lineHeight: 16, margin: 10, interval: 0 },
  };
}

function writeLoad(load: EventLoad): string {
  return `${load.connections} connections × ${load.inFlight}\nsessions of ${sizeOf(load)} KB`;
}

function shareAxis(gridIndex: number) {
  return {
    ...{ type: 'value', gridIndex, min: 0, max: 1, interval: 0.25 },
    axisLabel: { color: faint, fontSize: 12, formatter: (value: number) => value.toFixed(2) },
    splitLine: { lineStyle: { color: rule } },
  };
}

function drawBars(name: VariantName, columns: readonly Column[]) {
  const { color, isHatched = false } = styles.get(name) ?? { color: faint };
  return {
    ...{ type: 'bar', name: labelOf(name), color, barGap: '6%', barCategoryGap: '18%' },
    data: columns.map(({ result }) => shareOfBare(result, name) ?? '-'),
    itemStyle: {
      borderRadius: [2, 2, 0, 0],
      ...(isHatched && { decal: { ...hatching, color: '#a5adb6' } }),
    },
    label: {
      ...{ show: true, position: 'top', distance: 2, fontSize: 10.5, color: ink },
      ...{ backgroundColor: '#ffffff', padding: [1, 1] },
      // The nought before the point would not fit.
      formatter: ({ value }: { value: number }) => value.toFixed(2).replace(/^0/, ''),
    },
  };
}
