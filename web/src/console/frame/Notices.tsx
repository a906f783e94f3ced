import { Button, Popover } from 'antd';
import { useState } from 'react';
import { post } from '../../api/client';
import { useAct, useGet } from '../../api/query';
import { moment } from '../../format';
import { useLang, useText } from '../../i18n';
import { Icon } from '../../ui/icons';
import { EmptyState } from '../../ui/States';
import { messages } from './messages';
import { useGo } from './search';

export function Notices() {
  const t = useText(messages);
  const { lang } = useLang();
  const go = useGo();
  const [open, setOpen] = useState(false);
  const notices = useGet('/notices', { query: { limit: 20 } }, { refetchInterval: 30_000 });
  const read = useAct((id: string) => post('/notices/{id}/read', { path: { id } }));
  const unread = notices.data?.items.filter((n) => !n.read) ?? [];
  const content = (
    <div className="notices">
      {notices.data?.items.length ? (
        <ul>
          {notices.data.items.map((n) => (
            <li key={n.id} className={n.read ? undefined : 'unread'}>
              <button
                type="button"
                className="link-button"
                onClick={() => {
                  if (!n.read) read.mutate(n.id);
                  setOpen(false);
                  if (n.href) go(n.href);
                }}
              >
                {n.title}
              </button>
              <span className="faint small tabular">{moment(n.at, lang)}</span>
            </li>
          ))}
        </ul>
      ) : (
        <EmptyState title={t('noNotices')}>{t('noticesHint')}</EmptyState>
      )}
    </div>
  );
  return (
    <Popover
      open={open}
      onOpenChange={setOpen}
      trigger="click"
      placement="bottomRight"
      content={content}
      title={t('notices')}
    >
      <Button
        type="text"
        aria-label={`${t('notices')} ${unread.length}`}
        icon={
          <span className="with-count">
            <Icon name="bell" size={18} />
            {unread.length > 0 && <span className="count">{unread.length}</span>}
          </span>
        }
      />
    </Popover>
  );
}
