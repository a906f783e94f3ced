import { useEffect } from 'react';
import { useText } from '../i18n';
import { useSession } from '../session';
import { messages } from './messages';

/** `特种设备使用登记证 · 浙江省公共数据开放` */
export function useTitle(title?: string) {
  const t = useText(messages);
  const { node } = useSession();
  useEffect(() => {
    const site = t('site', { place: node.division_name });
    document.title = title ? `${title} · ${site}` : site;
  }, [title, node, t]);
}
