import { messageOf } from './messageOf.ts';

// What does not load, or is not understood by this browser, leaves a word in place of the page.
try {
  const { start } = await import('./start.tsx');
  await start();
} catch (error) {
  const said = document.createElement('p');
  said.setAttribute('role', 'alert');
  said.textContent = `The playground cannot be opened: ${messageOf(error)}. Reload the page to try again.`;
  document.querySelector('#page')?.replaceChildren(said);
}
