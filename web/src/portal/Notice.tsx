// A page's or a part's one message: what is so, and where to go on.

import type { ReactNode } from 'react';

export function Notice({
  title,
  children,
  action,
  page,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  page?: boolean;
}) {
  const Heading = page ? 'h1' : 'h2';
  return (
    <div className="state">
      <Heading>{title}</Heading>
      {children && <p className="soft">{children}</p>}
      {action}
    </div>
  );
}
