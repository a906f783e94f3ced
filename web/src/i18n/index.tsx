// Texts live in message files beside the pages that show them
// (`messages.ts` of each capability): Chinese is the type, English must be
// complete or it does not compile.

import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';

export type Lang = 'zh' | 'en';
export type Messages<K extends string = string> = { zh: Record<K, string>; en: Record<K, string> };
type Params = Record<string, string | number>;
export type Text<K extends string> = (key: K, params?: Params) => string;

export function defineMessages<const Z extends Record<string, string>>(
  zh: Z,
  en: Record<keyof Z & string, string>,
): Messages<keyof Z & string> {
  return { zh: zh as Record<keyof Z & string, string>, en };
}

const STORE = 'shuqiao.lang';

// `?lang=en` in an address that somebody was given counts once, at the start.
const asked = new URLSearchParams(location.search).get('lang');
if (asked) {
  localStorage.setItem(STORE, asked);
  const clean = new URL(location.href);
  clean.searchParams.delete('lang');
  history.replaceState(history.state, '', clean);
}

export const currentLang = (): Lang => (localStorage.getItem(STORE) === 'en' ? 'en' : 'zh');

/** Between the members of a list. */
export const separator = (): string => (currentLang() === 'en' ? ', ' : '、');

/** A remark behind a word, in the brackets of the language. */
export const bracketed = (word: string, remark: string | number): string =>
  currentLang() === 'en' ? `${word} (${remark})` : `${word}（${remark}）`;

const Context = createContext<{ lang: Lang; setLang: (lang: Lang) => void }>({ lang: 'zh', setLang: () => {} });

export function LangProvider({ children }: { children: ReactNode }) {
  const [lang, show] = useState<Lang>(currentLang);
  useEffect(() => {
    document.documentElement.lang = lang === 'en' ? 'en' : 'zh-CN';
  }, [lang]);
  const value = useMemo(() => {
    const setLang = (next: Lang) => {
      localStorage.setItem(STORE, next);
      show(next);
      // The server's texts come anew in the new language.
      window.dispatchEvent(new Event('shuqiao:lang'));
    };
    return { lang, setLang };
  }, [lang]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export const useLang = () => useContext(Context);

export function fill(template: string, params?: Params): string {
  return params ? template.replace(/\{(\w+)\}/g, (whole, name) => String(params[name] ?? whole)) : template;
}

/** `const t = useText(messages); t('title', { n: 3 })` */
export function useText<K extends string>(messages: Messages<K>): Text<K> {
  const { lang } = useLang();
  return useMemo(() => (key, params) => fill(messages[lang][key], params), [messages, lang]);
}

/** For code outside of components, and for codes that come from the server: the code itself when no text is known. */
export function textOf<K extends string>(messages: Messages<K>, lang: Lang, key: string): string {
  return (messages[lang] as Record<string, string>)[key] ?? key;
}
