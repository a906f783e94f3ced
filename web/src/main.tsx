// Two faces of one application: the portal under `/`, the console under
// `/console`. Each is its own chunk; neither loads the other's code.

import { createRoot } from 'react-dom/client';
import './ui/base.css';

const root = document.getElementById('root');
if (root) {
  const isConsole = /^\/console(\/|$)/.test(location.pathname);
  const entry = isConsole ? import('./console/entry') : import('./portal/entry');
  entry.then(({ App }) => createRoot(root).render(<App />));
}
