import {
  ApartmentOutlined,
  AuditOutlined,
  BookOutlined,
  CheckSquareOutlined,
  DesktopOutlined,
  GlobalOutlined,
  InboxOutlined,
  ShareAltOutlined,
} from '@ant-design/icons';
import { Link, useRouterState } from '@tanstack/react-router';
import { Tooltip } from 'antd';
import type { ReactNode } from 'react';
import { useText } from '../../i18n';
import { useSession } from '../../session';
import { messages } from './messages';

type Key = keyof typeof messages.zh & string;
interface Entry {
  key: Key;
  to: string;
  icon: ReactNode;
  children?: { key: Key; to: string; exact?: boolean; needs?: string[] }[];
}

export const ENTRIES: Entry[] = [
  { key: 'workbench', to: '/', icon: <DesktopOutlined /> },
  {
    key: 'catalog',
    to: '/catalog',
    icon: <BookOutlined />,
    children: [
      { key: 'catalogList', to: '/catalog', exact: true },
      { key: 'catalogMine', to: '/catalog/mine', needs: ['catalog.edit', 'catalog.read_draft'] },
    ],
  },
  {
    key: 'collection',
    to: '/collection',
    icon: <InboxOutlined />,
    children: [
      { key: 'sources', to: '/collection/sources', needs: ['source.manage', 'batch.read'] },
      { key: 'batches', to: '/collection/batches', needs: ['batch.read'] },
    ],
  },
  {
    key: 'quality',
    to: '/quality',
    icon: <CheckSquareOutlined />,
    children: [
      { key: 'rules', to: '/quality/rules', needs: ['quality.read'] },
      { key: 'workOrders', to: '/quality/work-orders' },
    ],
  },
  {
    key: 'sharing',
    to: '/sharing',
    icon: <ShareAltOutlined />,
    children: [
      { key: 'cart', to: '/sharing/cart', needs: ['sharing.apply'] },
      { key: 'requests', to: '/sharing/requests', needs: ['sharing.read'] },
      { key: 'grants', to: '/sharing/grants', needs: ['sharing.read', 'grant.manage'] },
      { key: 'applications', to: '/sharing/applications', needs: ['application.manage'] },
      { key: 'services', to: '/sharing/services', needs: ['sharing.read', 'service.try'] },
      { key: 'accessLog', to: '/sharing/access-log', needs: ['access_log.read'] },
    ],
  },
  {
    key: 'opening',
    to: '/opening',
    icon: <GlobalOutlined />,
    children: [
      { key: 'datasets', to: '/opening/datasets', needs: ['opening.publish', 'opening.suspend'] },
      { key: 'opinions', to: '/opening/opinions', needs: ['opinion.read'] },
      { key: 'withdrawals', to: '/opening/withdrawals', needs: ['withdrawal.read'] },
    ],
  },
  {
    key: 'supervision',
    to: '/supervision',
    icon: <AuditOutlined />,
    children: [
      { key: 'deadlines', to: '/supervision/deadlines', needs: ['deadline.read'] },
      { key: 'ledger', to: '/supervision/ledger', needs: ['ledger.read'] },
    ],
  },
  {
    key: 'organisations',
    to: '/organisations',
    icon: <ApartmentOutlined />,
    children: [
      { key: 'institutions', to: '/organisations' },
      { key: 'people', to: '/people', needs: ['person.manage'] },
    ],
  },
];

// The router marks whatever is above the page too; which entry is the page's is decided here.
const EXACT = { exact: true, includeSearch: false };
const under = (path: string, to: string) => (to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`));

export function Navigation({ collapsed }: { collapsed: boolean }) {
  const t = useText(messages);
  const path = useRouterState({
    select: (s) => s.location.pathname.replace(/^\/console/, '').replace(/\/$/, '') || '/',
  });
  const { actor } = useSession();
  // What nobody in this role can use is not shown; the server refuses it all the same.
  const allowed = (needs?: string[]) => !needs || needs.some((n) => actor.actions.includes(n));
  const entries = ENTRIES.map((e) => ({ ...e, children: e.children?.filter((c) => allowed(c.needs)) })).filter(
    (e) => !e.children || e.children.length > 0,
  );
  return (
    <nav aria-label={t('menu')} className="nav">
      <ul>
        {entries.map((entry) => {
          const active = under(path, entry.to) || entry.children?.some((c) => under(path, c.to));
          const first = entry.children?.[0]?.to ?? entry.to;
          return (
            <li key={entry.key}>
              <Tooltip title={collapsed ? t(entry.key) : ''} placement="right">
                <Link
                  to={first as never}
                  activeOptions={EXACT}
                  className={active ? 'nav-item active' : 'nav-item'}
                  aria-label={collapsed ? t(entry.key) : undefined}
                >
                  {entry.icon}
                  {!collapsed && <span>{t(entry.key)}</span>}
                </Link>
              </Tooltip>
              {!collapsed && active && entry.children && (
                <ul className="nav-sub">
                  {entry.children.map((child) => {
                    const here = child.exact
                      ? under(path, child.to) && !entry.children?.some((o) => o !== child && under(path, o.to))
                      : under(path, child.to);
                    return (
                      <li key={child.key}>
                        <Link
                          to={child.to as never}
                          activeOptions={EXACT}
                          className={here ? 'nav-item active' : 'nav-item'}
                          aria-current={here ? 'page' : undefined}
                        >
                          {t(child.key)}
                        </Link>
                      </li>
                    );
                  })}
                </ul>
              )}
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
