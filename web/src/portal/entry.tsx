// The portal: providers, router, frame. No component library: it is to be
// light on a phone and plain to a screen reader.

import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { queryClient } from '../api/query';
import { LangProvider } from '../i18n';
import { SessionProvider } from '../session';
import { ErrorView, Skeleton } from '../ui/States';
import { ElderProvider } from './elder';
import './portal.css';
import './pages.css';
import { router } from './router';

export function App() {
  return (
    <LangProvider>
      <ElderProvider>
        <QueryClientProvider client={queryClient}>
          <SessionProvider
            waiting={
              <main className="alone">
                <Skeleton lines={5} />
              </main>
            }
            failed={(error, retry) => (
              <main className="alone">
                <ErrorView error={error} retry={retry} />
              </main>
            )}
          >
            <RouterProvider router={router} />
          </SessionProvider>
        </QueryClientProvider>
      </ElderProvider>
    </LangProvider>
  );
}
