// Every address of the portal.

import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { ErrorView, Skeleton } from '../ui/States';
import { parseSearch, stringifySearch } from './address';
import { Frame } from './Frame';
import { Home } from './Home';
import { NotFound } from './NotFound';

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound });

type Loader = () => Promise<Record<string, unknown>>;
const page = (path: string, load: Loader, name: string) =>
  createRoute({
    getParentRoute: () => root,
    path,
    component: lazyRouteComponent(load as () => Promise<Record<string, never>>, name),
  });
// The identifiers of the DCAT catalog lead a reader to what they name.
const leads = (path: string, search: (params: Record<string, string>) => Record<string, string>) =>
  createRoute({
    getParentRoute: () => root,
    path,
    beforeLoad: ({ params }) => {
      throw redirect({ to: '/datasets', search: search(params as Record<string, string>) as never });
    },
  });

const pages = [
  createRoute({ getParentRoute: () => root, path: '/', component: Home }),
  page('/datasets', () => import('./List'), 'List'),
  page('/datasets/$slug', () => import('./dataset/Dataset'), 'Dataset'),
  page('/datasets/$slug/opinion', () => import('./matters/OpinionForm'), 'OpinionForm'),
  page('/datasets/$slug/withdrawal', () => import('./matters/WithdrawalForm'), 'WithdrawalForm'),
  page('/developers', () => import('./Developers'), 'Developers'),
  page('/me', () => import('./matters/Matters'), 'Matters'),
  page('/me/opinions/$id', () => import('./matters/Matter'), 'OpinionPage'),
  page('/me/withdrawals/$id', () => import('./matters/Matter'), 'WithdrawalPage'),
  page('/sign-in', () => import('./account/SignIn'), 'SignIn'),
  page('/register', () => import('./account/Register'), 'Register'),
  leads('/catalog', () => ({})),
  leads('/subjects', () => ({})),
  leads('/divisions', () => ({})),
  leads('/organizations/$id', ({ id }) => ({ opener: id })),
];

export const router = createRouter({
  routeTree: root.addChildren(pages),
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  defaultPendingComponent: () => <Skeleton lines={8} />,
  defaultErrorComponent: ({ error, reset }) => <ErrorView error={error} retry={reset} />,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});
