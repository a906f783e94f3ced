// The console: providers, router, frame.

import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { App as AntApp, ConfigProvider } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCN from 'antd/locale/zh_CN';
import { queryClient } from '../api/query';
import { LangProvider, useLang } from '../i18n';
import { SessionProvider } from '../session';
import { antdTheme } from '../tokens';
import { ErrorView, Skeleton } from '../ui/States';
import './console.css';
import { router } from './router';

export function App() {
  return (
    <LangProvider>
      <QueryClientProvider client={queryClient}>
        <Themed />
      </QueryClientProvider>
    </LangProvider>
  );
}

const theme = antdTheme();

function Themed() {
  const { lang } = useLang();
  const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  return (
    <ConfigProvider
      locale={lang === 'en' ? enUS : zhCN}
      theme={{ ...theme, token: { ...theme.token, motion: !still } }}
      button={{ autoInsertSpace: false }}
      // A click beside a form must not throw away what was filled in.
      modal={{ mask: { closable: false } }}
    >
      <AntApp>
        <SessionProvider
          waiting={
            <div className="alone">
              <Skeleton lines={5} />
            </div>
          }
          failed={(error, retry) => (
            <div className="alone">
              <ErrorView error={error} retry={retry} />
            </div>
          )}
        >
          <RouterProvider router={router} />
        </SessionProvider>
      </AntApp>
    </ConfigProvider>
  );
}
