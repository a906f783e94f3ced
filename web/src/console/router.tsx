// Every address of the console, each page a chunk of its own.

import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { ErrorView, Skeleton } from '../ui/States';
import { Frame } from './frame/Frame';
import { NotFound } from './frame/NotFound';
import { SignIn } from './frame/SignIn';
import { parseSearch, stringifySearch } from './frame/search';

const root = createRootRoute({ notFoundComponent: NotFound });
const signIn = createRoute({ getParentRoute: () => root, path: '/sign-in', component: SignIn });
const frame = createRoute({ getParentRoute: () => root, id: 'frame', component: Frame });

type Loader = () => Promise<Record<string, unknown>>;
const page = (path: string, load: Loader, name: string) =>
  createRoute({
    getParentRoute: () => frame,
    path,
    component: lazyRouteComponent(load as () => Promise<Record<string, never>>, name),
  });

const pages = [page('/', () => import('./workbench/Workbench'), 'Workbench')];

export const router = createRouter({
  routeTree: root.addChildren([signIn, frame.addChildren(pages)]),
  basepath: '/console',
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  defaultPendingComponent: () => <Skeleton lines={8} />,
  defaultErrorComponent: ({ error, reset }) => <ErrorView error={error} retry={reset} />,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});
