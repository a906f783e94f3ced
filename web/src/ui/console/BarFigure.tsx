// A bar chart in the house's one theme. The figures also stand in its label,
// for whoever does not see it.

import { BarChart } from 'echarts/charts';
import { GridComponent, TooltipComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import { separator } from '../../i18n';
import { colour, font, series } from '../../tokens';

use([BarChart, GridComponent, TooltipComponent, SVGRenderer]);

export interface Bar {
  name: string;
  value: number;
}

export function BarFigure({ title, bars, show }: { title: string; bars: Bar[]; show: (value: number) => string }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!place.current) return;
    const chart = init(place.current, null, { renderer: 'svg' });
    const text = { color: colour.textSoft, fontFamily: font, fontSize: 12 };
    chart.setOption({
      animation: !window.matchMedia('(prefers-reduced-motion: reduce)').matches,
      animationDuration: 160,
      color: series,
      grid: { left: 8, right: 56, top: 4, bottom: 4, containLabel: true },
      tooltip: { valueFormatter: (v: unknown) => show(Number(v)) },
      xAxis: { type: 'value', axisLabel: { show: false }, splitLine: { show: false } },
      yAxis: {
        type: 'category',
        inverse: true,
        data: bars.map((b) => b.name),
        axisLabel: text,
        axisLine: { lineStyle: { color: colour.lineStrong } },
        axisTick: { show: false },
      },
      series: [
        {
          type: 'bar',
          barMaxWidth: 14,
          data: bars.map((b) => b.value),
          label: {
            show: true,
            position: 'right',
            ...text,
            formatter: (p: { value: unknown }) => show(Number(p.value)),
          },
        },
      ],
    });
    const observer = new ResizeObserver(() => chart.resize());
    observer.observe(place.current);
    return () => {
      observer.disconnect();
      chart.dispose();
    };
  }, [bars, show]);
  return (
    <figure className="stack tight">
      <figcaption className="soft small">{title}</figcaption>
      <div
        ref={place}
        role="img"
        aria-label={`${title}: ${bars.map((b) => `${b.name} ${show(b.value)}`).join(separator())}`}
        style={{ height: 24 + bars.length * 26 }}
      />
    </figure>
  );
}
