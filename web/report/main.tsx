import { render } from 'preact';
import { looksInPage } from '../../src/inspect/island.ts';
import { ReportPage } from '../panels/report.tsx';

/* The page of a report: reads the looks that it holds, and shows them. */

const root = document.getElementById('report');
if (root !== null) {
  try {
    render(<ReportPage looks={await looksInPage(document)} />, root);
  } catch (error) {
    // Cut or edited by something on its way: the page says so, rather than stay empty.
    const reason = error instanceof Error ? error.message : String(error);
    render(<p role="alert">This report cannot be read: {reason}.</p>, root);
  }
}
