// The portal's entry: providers; pages are the portal's own.

import { QueryClientProvider } from '@tanstack/react-query';
import { queryClient } from '../api/query';
import { LangProvider } from '../i18n';

export function App() {
  return (
    <LangProvider>
      <QueryClientProvider client={queryClient}>
        <main style={{ padding: 'var(--s7)' }}>
          <h1>数桥</h1>
          <p>
            <a href="/console/">管理端</a>
          </p>
        </main>
      </QueryClientProvider>
    </LangProvider>
  );
}
