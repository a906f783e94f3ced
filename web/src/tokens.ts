// The one file of design tokens. `cssVariables()` gives them to every page,
// `antdTheme()` gives the same values to antd.

export const colour = {
  ink: '#1d4f91', // action
  inkDark: '#163d70',
  inkSoft: '#e8eff8',
  text: '#1b2129',
  textSoft: '#4d5763',
  textFaint: '#66717e', // 5 : 1 on white, 4.6 : 1 on ground
  line: '#e3e7ec',
  lineStrong: '#c8cfd8',
  ground: '#f5f7f9',
  surface: '#ffffff',
  good: '#17693d',
  goodSoft: '#e7f4ec',
  warn: '#8a5300',
  warnSoft: '#fdf3e0',
  bad: '#ae2a1e',
  badSoft: '#fcecea',
} as const;

export const space = [4, 8, 12, 16, 24, 32, 48] as const;
export const size = [12, 14, 16, 20, 28, 36] as const;
export const radius = 6;
export const shadow = '0 6px 24px rgba(20, 34, 54, 0.14)';
export const font = '"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",system-ui,sans-serif';
export const mono = '"SFMono-Regular",Consolas,"Liberation Mono","Noto Sans Mono CJK SC",monospace';

const kebab = (name: string) => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

/** `--ink`, `--text-soft`, `--s1` … `--s7`, `--t1` … `--t6`, `--radius`, `--shadow`, `--font`, `--mono`. */
export function cssVariables(): string {
  const entries = [
    ...Object.entries(colour).map(([name, value]) => [kebab(name), value]),
    ...space.map((px, i) => [`s${i + 1}`, `${px}px`]),
    ...size.map((px, i) => [`t${i + 1}`, `${px / 16}rem`]),
    ['radius', `${radius}px`],
    ['shadow', shadow],
    ['font', font],
    ['mono', mono],
  ];
  return entries.map(([name, value]) => `--${name}:${value}`).join(';');
}

/** Colours of chart series: told apart by lightness too, so they survive a grey print. */
export const series = ['#1d4f91', '#6d95c6', '#2f7d6b', '#a8793a', '#7b6aa8', '#8f9aa6'];

export function antdTheme() {
  return {
    token: {
      colorPrimary: colour.ink,
      colorLink: colour.ink,
      colorInfo: colour.ink,
      colorSuccess: colour.good,
      colorWarning: colour.warn,
      colorError: colour.bad,
      colorText: colour.text,
      colorTextSecondary: colour.textSoft,
      colorTextTertiary: colour.textFaint,
      colorTextDescription: colour.textFaint,
      colorTextPlaceholder: colour.textFaint,
      colorBorder: colour.lineStrong,
      colorBorderSecondary: colour.line,
      colorBgLayout: colour.ground,
      borderRadius: radius,
      borderRadiusLG: radius,
      fontFamily: font,
      fontSize: 14,
      lineHeight: 1.5715,
      boxShadow: shadow,
      boxShadowSecondary: shadow,
      motionDurationMid: '0.12s',
      motionDurationSlow: '0.16s',
      wireframe: false,
    },
    components: {
      Button: { primaryShadow: 'none', defaultShadow: 'none', dangerShadow: 'none' },
      Form: { itemMarginBottom: 16 },
    },
  };
}
