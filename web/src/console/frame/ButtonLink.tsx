// A link that looks like a button: opens in another tab as links do, and is one stop of the keyboard.

import { Button } from 'antd';
import type { MouseEvent, ReactNode } from 'react';
import { useGo } from './search';

export function ButtonLink({ to, primary, children }: { to: string; primary?: boolean; children: ReactNode }) {
  const go = useGo();
  const follow = (e: MouseEvent) => {
    if (e.metaKey || e.ctrlKey || e.shiftKey) return;
    e.preventDefault();
    go(to);
  };
  return (
    <Button type={primary ? 'primary' : 'default'} href={`/console${to}`} onClick={follow}>
      {children}
    </Button>
  );
}
