// 大字版: the same pages in larger type and with larger targets. Everything is
// sized in rem, so one class on the root does it.

import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';

const STORE = 'shuqiao.elder';
const Context = createContext<{ elder: boolean; setElder: (on: boolean) => void }>({
  elder: false,
  setElder: () => {},
});

export function ElderProvider({ children }: { children: ReactNode }) {
  const [elder, setElder] = useState(() => localStorage.getItem(STORE) === 'on');
  useEffect(() => {
    document.documentElement.classList.toggle('elder', elder);
    localStorage.setItem(STORE, elder ? 'on' : 'off');
  }, [elder]);
  const value = useMemo(() => ({ elder, setElder }), [elder]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export const useElder = () => useContext(Context);
