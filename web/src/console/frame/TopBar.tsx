import { Link, useNavigate } from '@tanstack/react-router';
import { Button, Dropdown } from 'antd';
import type { ReactNode } from 'react';
import { useGet } from '../../api/query';
import { separator, textOf, useLang, useText } from '../../i18n';
import { signOut, useSession } from '../../session';
import { GlobalSearch } from './GlobalSearch';
import { messages } from './messages';
import { Notices } from './Notices';

export function TopBar({ menu }: { menu: ReactNode }) {
  const t = useText(messages);
  const { lang, setLang } = useLang();
  const { actor, node } = useSession();
  const navigate = useNavigate();
  const count = useGet(
    '/tasks/count',
    {},
    { refetchInterval: 60_000 },
  );
  const open = count.data?.open ?? 0;
  const leave = async () => {
    await signOut();
    location.assign('/console/sign-in');
  };
  const items = [
    {
      key: 'who',
      disabled: true,
      label: (
        <span className="who-card">
          <strong>{actor.name}</strong>
          <span>{actor.institution?.name}</span>
          <span>{actor.roles.map((r) => textOf(messages, lang, `role_${r}`)).join(separator())}</span>
        </span>
      ),
    },
    { type: 'divider' as const },
    { key: 'lang', label: t('language'), onClick: () => setLang(lang === 'zh' ? 'en' : 'zh') },
    { key: 'portal', label: <a href="/">{t('portal')}</a> },
    { key: 'keys', label: t('keys'), onClick: () => window.dispatchEvent(new Event('shuqiao:keys')) },
    { type: 'divider' as const },
    { key: 'out', label: t('signOut'), onClick: leave },
  ];
  return (
    <header className="top">
      {menu}
      <Link to="/" className="brand">
        <img src="/favicon.svg" alt="" width={26} height={26} />
        <span className="brand-name">{t('product')}</span>
        <span className="brand-node">
          {node.name}
          <span className="faint"> · {textOf(messages, lang, `level_${node.level}`)}</span>
        </span>
      </Link>
      <GlobalSearch />
      <div className="top-right">
        <Button type="text" onClick={() => navigate({ to: '/' })} aria-label={`${t('tasks')} ${open}`}>
          <span className="wide-only">{t('tasks')}</span>
          <span className="narrow-only">{t('tasksShort')}</span>
          {open > 0 && <span className={count.data?.overdue ? 'count bad' : 'count'}>{open}</span>}
        </Button>
        <Notices />
        <Dropdown trigger={['click']} menu={{ items }} placement="bottomRight">
          <Button type="text" className="who">
            <span className="who-name">{actor.name}</span>
            <span className="faint wide-only">{actor.institution?.name}</span>
          </Button>
        </Dropdown>
      </div>
    </header>
  );
}
