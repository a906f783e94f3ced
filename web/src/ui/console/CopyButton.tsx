import { App, Button } from 'antd';
import { useText } from '../../i18n';
import { messages } from '../messages';

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const t = useText(messages);
  const { message } = App.useApp();
  return (
    <Button
      size="small"
      onClick={async () => {
        await navigator.clipboard.writeText(text);
        message.success(t('copied'));
      }}
    >
      {label ?? t('copy')}
    </Button>
  );
}
