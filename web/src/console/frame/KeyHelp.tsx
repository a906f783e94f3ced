// `?` shows the keys, `/` focuses the search, `g` then a letter goes to a capability.

import { useNavigate } from '@tanstack/react-router';
import { Modal } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useText } from '../../i18n';
import { messages } from '../../ui/messages';

const GO: Record<string, string> = { w: '/', c: '/catalog', d: '/collection/batches', s: '/sharing/requests' };
const KEYS = [
  ['?', 'key_help'],
  ['/', 'key_search'],
  ['j k', 'key_next'],
  ['Enter', 'key_open'],
  ['Esc', 'key_close'],
  ['g w', 'key_go_workbench'],
  ['g c', 'key_go_catalog'],
  ['g d', 'key_go_collection'],
  ['g s', 'key_go_sharing'],
] as const;

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export function KeyHelp() {
  const t = useText(messages);
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const before = useRef('');
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      if (typing(e.target) || e.ctrlKey || e.metaKey || e.altKey) return;
      const last = before.current;
      before.current = e.key;
      if (e.key === '?') setOpen(true);
      else if (e.key === 'j' && !(e.target instanceof HTMLTableRowElement))
        document.querySelector<HTMLElement>('main tr[tabindex]')?.focus();
      else if (e.key === '/') {
        e.preventDefault();
        window.dispatchEvent(new Event('shuqiao:search'));
      } else if (last === 'g' && GO[e.key]) {
        before.current = '';
        navigate({ to: GO[e.key] as never });
      }
    };
    const show = () => setOpen(true);
    window.addEventListener('keydown', onKey);
    window.addEventListener('shuqiao:keys', show);
    return () => {
      window.removeEventListener('keydown', onKey);
      window.removeEventListener('shuqiao:keys', show);
    };
  }, [navigate]);
  return (
    <Modal open={open} onCancel={() => setOpen(false)} footer={null} title={t('keys')} width={440}>
      <dl className="pairs">
        {KEYS.map(([keys, text]) => (
          <div key={keys} style={{ display: 'contents' }}>
            <dt>
              {keys.split(' ').map((k) => (
                <span key={k} className="kbd" style={{ marginRight: 4 }}>
                  {k}
                </span>
              ))}
            </dt>
            <dd>{t(text)}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
