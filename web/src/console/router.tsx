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

const pages = [
  page('/', () => import('./workbench/Workbench'), 'Workbench'),
  page('/catalog', () => import('./catalog/CatalogList'), 'CatalogList'),
  page('/catalog/mine', () => import('./catalog/CatalogList'), 'CatalogMine'),
  page('/catalog/new', () => import('./catalog/Editor'), 'NewEntry'),
  page('/catalog/$id', () => import('./catalog/ResourceDetail'), 'ResourceDetail'),
  page('/catalog/$id/edit', () => import('./catalog/Editor'), 'EditEntry'),
  page('/catalog/$id/review', () => import('./catalog/Review'), 'Review'),
  page('/catalog/$id/versions', () => import('./catalog/Versions'), 'Versions'),
  page('/collection/sources', () => import('./collection/Sources'), 'Sources'),
  page('/collection/sources/$id', () => import('./collection/SourceDetail'), 'SourceDetail'),
  page('/collection/batches', () => import('./collection/Batches'), 'Batches'),
  page('/collection/batches/$id', () => import('./collection/BatchDetail'), 'BatchDetail'),
  page('/quality/rules', () => import('./quality/Rules'), 'Rules'),
  page('/quality/runs/$id', () => import('./quality/RunDetail'), 'RunDetail'),
  page('/quality/work-orders', () => import('./quality/WorkOrders'), 'WorkOrders'),
  page('/quality/work-orders/$id', () => import('./quality/WorkOrders'), 'WorkOrderDetail'),
  page('/sharing/cart', () => import('./sharing/Cart'), 'Cart'),
  page('/sharing/requests', () => import('./sharing/Requests'), 'Requests'),
  page('/sharing/requests/$id', () => import('./sharing/RequestDetail'), 'RequestDetail'),
  page('/sharing/grants', () => import('./sharing/Grants'), 'Grants'),
  page('/sharing/grants/$id', () => import('./sharing/Grants'), 'GrantDetail'),
  page('/sharing/applications', () => import('./sharing/Applications'), 'Applications'),
  page('/sharing/applications/$id', () => import('./sharing/Applications'), 'ApplicationDetail'),
  page('/sharing/services', () => import('./sharing/Services'), 'Services'),
  page('/sharing/services/$id', () => import('./sharing/Services'), 'ServiceDetail'),
  page('/sharing/access-log', () => import('./sharing/AccessLog'), 'AccessLog'),
  page('/opening/datasets', () => import('./opening/Datasets'), 'Datasets'),
  page('/opening/opinions', () => import('./opening/Opinions'), 'Opinions'),
  page('/opening/withdrawals', () => import('./opening/Withdrawals'), 'Withdrawals'),
  page('/opening/withdrawals/$id', () => import('./opening/Withdrawals'), 'WithdrawalDetail'),
  page('/supervision/deadlines', () => import('./supervision/Deadlines'), 'Deadlines'),
  page('/supervision/ledger', () => import('./supervision/Ledger'), 'Ledger'),
  page('/supervision/ledger/$seq', () => import('./supervision/LedgerEntry'), 'LedgerEntry'),
  page('/organisations', () => import('./organisations/Institutions'), 'Institutions'),
  page('/organisations/$id', () => import('./organisations/Institutions'), 'InstitutionDetail'),
  page('/people', () => import('./organisations/People'), 'People'),
];

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
